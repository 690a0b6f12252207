package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** The ways in which a {@link RandomGraph} grows by a node or a few. */
final class RandomGraphOps {
  private final RandomGraph graph;
  private final SplittableRandom random;
  private Optional<Value> count = Optional.empty();

  RandomGraphOps(RandomGraph graph, SplittableRandom random) {
    this.graph = graph;
    this.random = random;
  }

  /** The value whose shape gives the count of non-zero elements its value, if there is one. */
  Optional<Value> count() {
    return count;
  }

  /** A new value over those that are there; a ShapeException where the draw has no meaning. */
  Value draw() {
    return switch (random.nextInt(32)) {
      case 0, 1, 2, 3 -> unary(graph.any());
      case 4, 5, 6, 7, 8 -> binary(graph.any());
      case 9, 10 -> ternary(graph.any());
      case 11 -> Ops.cast(graph.any(), graph.anyDType());
      case 12, 13, 14 -> reduction(graph.ofRank(1, false));
      case 15, 16 -> function(graph.ofRank(1, true));
      case 17, 18 -> matmul(graph.ofRank(2, true));
      case 19 -> permute(graph.ofRank(2, false));
      case 20, 21 -> reshape(graph.any());
      case 22, 23 -> slice(graph.ofRank(1, false));
      case 24 -> pad(graph.ofRank(1, false));
      case 25, 26 -> concat(graph.ofRank(1, false));
      case 27 -> Ops.broadcast(graph.any(), widened(graph.any().shape()));
      case 28 -> gather(graph.ofRank(1, false));
      case 29 -> scatter(graph.ofRank(1, false));
      case 30 -> attention();
      default -> fromShapes(graph.ofRank(1, false));
    };
  }

  private Value unary(Value x) {
    return Ops.apply(graph.elementwise(x.dtype(), 1), x);
  }

  private Value binary(Value x) {
    Value other = other(x);
    Elementwise op = graph.elementwise(x.dtype(), 2);
    return random.nextBoolean() ? Ops.apply(op, x, other) : Ops.apply(op, other, x);
  }

  private Value ternary(Value x) {
    if (x.dtype().isFloat() && random.nextBoolean()) {
      return Ops.apply(Elementwise.FMA, x, other(x), other(x));
    }
    Value condition =
        x.dtype() == DType.BOOL || random.nextBoolean()
            ? graph.operand(DType.BOOL, x.shape())
            : Ops.lt(x, other(x));
    return Ops.select(condition, x, other(x));
  }

  /** An operand that {@code x} meets: of its shape, with extents of 1, a suffix, or a scalar. */
  private Value other(Value x) {
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    int kind = random.nextInt(5);
    if (kind == 0 && !dims.isEmpty()) {
      dims.set(random.nextInt(dims.size()), Dim.ONE);
    } else if (kind == 1 && !dims.isEmpty()) {
      dims = dims.subList(random.nextInt(dims.size() + 1), dims.size());
    } else if (kind == 2) {
      return Ops.scalar(x.dtype(), 1 + random.nextInt(3));
    }
    return graph.operand(x.dtype(), new Shape(dims));
  }

  private Value reduction(Value x) {
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      if (random.nextBoolean()) {
        axes.add(axis);
      }
    }
    if (axes.isEmpty()) {
      axes.add(x.shape().rank() - 1);
    }
    Value folded = Ops.reduce(graph.reduction(x.dtype()), x, axes, true);
    return switch (random.nextInt(3)) {
      case 0 -> folded;
      case 1 -> Ops.reduce(graph.reduction(x.dtype()), x, axes, false);
      default -> Ops.apply(graph.elementwise(x.dtype(), 2), x, folded);
    };
  }

  private Value function(Value x) {
    int axis = random.nextInt(x.shape().rank());
    Dim last = x.shape().dim(x.shape().rank() - 1);
    return switch (random.nextInt(10)) {
      case 0, 1 -> Functions.softmax(x, axis);
      case 2 -> Functions.logSoftmax(x, axis);
      case 3 ->
          Functions.layerNorm(
              x,
              graph.operand(x.dtype(), Shape.of(last)),
              graph.operand(x.dtype(), Shape.of(last)),
              1e-5);
      case 4 -> Functions.rmsNorm(x, graph.operand(x.dtype(), Shape.of(last)), 1e-6);
      case 5 -> Functions.gelu(x);
      case 6 -> Functions.geluTanh(x);
      case 7 -> Functions.silu(x);
      case 8 -> Functions.softplus(x);
      default -> Functions.sigmoid(x);
    };
  }

  private Value matmul(Value x) {
    Value a = random.nextInt(3) == 0 ? RandomGraph.tamed(x) : x;
    int rank = a.shape().rank();
    Dim k = a.shape().dim(rank - 1);
    Dim n = Dim.of(1 + random.nextInt(20));
    Value product =
        switch (random.nextInt(4)) {
          case 0 -> Ops.matmul(a, Ops.transpose(a));
          case 1 -> Ops.matmul(a, Ops.transpose(graph.operand(a.dtype(), Shape.of(n, k))));
          case 2 -> Ops.matmul(Ops.transpose(a), a);
          default -> Ops.matmul(a, graph.operand(a.dtype(), Shape.of(k, n)));
        };
    if (!graph.fits(product.shape())) {
      return Ops.matmul(a, graph.operand(a.dtype(), Shape.of(k)));
    }
    return switch (random.nextInt(4)) {
      case 0 -> withInitial(product);
      case 1 -> Ops.add(product, graph.operand(product.dtype(), bias(product.shape())));
      case 2 -> Functions.gelu(product);
      default -> product;
    };
  }

  private Value withInitial(Value product) {
    Value start = graph.operand(product.dtype(), product.shape());
    List<Value> operands = new ArrayList<>(product.node().operands());
    operands.add(start);
    return product.node().op() instanceof Matmul
        ? Node.of("", new Matmul(), operands).result()
        : product;
  }

  private static Shape bias(Shape shape) {
    return Shape.of(shape.dim(shape.rank() - 1));
  }

  private Value permute(Value x) {
    List<Integer> order = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      order.add(axis);
    }
    Collections.shuffle(order, new java.util.Random(random.nextLong()));
    return Ops.permute(x, order);
  }

  private Value reshape(Value x) {
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    int rank = dims.size();
    switch (random.nextInt(4)) {
      case 0 -> dims.add(random.nextInt(rank + 1), Dim.ONE);
      case 1 -> {
        return Ops.reshape(x, Shape.of(x.shape().elements()));
      }
      case 2 -> {
        if (rank >= 2) { // merge two neighbours
          int axis = random.nextInt(rank - 1);
          dims.set(axis, dims.get(axis).times(dims.remove(axis + 1)));
        }
      }
      default -> split(dims);
    }
    return Ops.reshape(x, new Shape(dims));
  }

  /** Splits one axis of a constant, even extent. */
  private void split(List<Dim> dims) {
    for (int axis = 0; axis < dims.size(); axis++) {
      Dim dim = dims.get(axis);
      if (dim.isConstant() && dim.constant() > 2 && dim.constant() % 2 == 0) {
        boolean first = random.nextBoolean();
        Dim half = Dim.of(dim.constant() / 2);
        dims.set(axis, first ? Dim.of(2) : half);
        dims.add(axis + 1, first ? half : Dim.of(2));
        return;
      }
    }
  }

  private Value slice(Value x) {
    int axis = random.nextInt(x.shape().rank());
    Dim extent = x.shape().dim(axis);
    if (random.nextInt(4) == 0) {
      return Ops.flip(x, axis);
    }
    if (!extent.isConstant()) {
      Dim half = extent.floorDiv(Dim.of(2));
      return random.nextBoolean()
          ? Ops.sliceAxis(x, axis, half, extent.minus(half))
          : Ops.sliceAxis(x, axis, Dim.ZERO, half);
    }
    long length = extent.constant();
    long step = 1 + random.nextLong(3);
    long start = random.nextLong(Math.max(1, length));
    boolean back = random.nextInt(3) == 0;
    long room = length == 0 ? 0 : back ? start / step + 1 : (length - 1 - start) / step + 1;
    long size = room == 0 ? 0 : random.nextInt(12) == 0 ? 0 : 1 + random.nextLong(room);
    List<Dim> starts = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ZERO));
    List<Dim> sizes = new ArrayList<>(x.shape().dims());
    List<Long> steps = new ArrayList<>(Collections.nCopies(x.shape().rank(), 1L));
    starts.set(axis, Dim.of(start));
    sizes.set(axis, Dim.of(size));
    steps.set(axis, back ? -step : step);
    return Node.value(new Slice(starts, sizes, steps), x);
  }

  private Value pad(Value x) {
    List<Dim> low = new ArrayList<>();
    List<Dim> high = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      low.add(Dim.of(random.nextInt(3)));
      high.add(Dim.of(random.nextInt(3)));
    }
    Value with =
        random.nextBoolean()
            ? Ops.scalar(x.dtype(), random.nextInt(3))
            : graph.operand(x.dtype(), Shape.SCALAR);
    return Node.value(new Pad(low, high), x, with);
  }

  private Value concat(Value x) {
    int axis = random.nextInt(x.shape().rank());
    List<Value> parts = new ArrayList<>();
    parts.add(x);
    for (int i = random.nextInt(3); i >= 0; i--) {
      List<Dim> dims = new ArrayList<>(x.shape().dims());
      if (random.nextBoolean()) {
        dims.set(axis, Dim.of(1 + random.nextInt(5)));
      }
      Value part = graph.operand(x.dtype(), new Shape(dims));
      parts.add(random.nextInt(3) == 0 ? unary(part) : part);
    }
    if (parts.stream().anyMatch(part -> part.dtype() != x.dtype())) {
      return x;
    }
    return Ops.concat(parts, axis);
  }

  private Shape widened(Shape shape) {
    List<Dim> dims = new ArrayList<>(shape.dims());
    dims.addFirst(Dim.of(2 + random.nextInt(2)));
    for (int axis = 1; axis < dims.size(); axis++) {
      if (dims.get(axis).is(1)) {
        dims.set(axis, graph.anyDim());
      }
    }
    return new Shape(dims);
  }

  private Value gather(Value x) {
    int axis = random.nextInt(x.shape().rank());
    Dim extent = x.shape().dim(axis);
    if (extent.min() < 1) {
      return x;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      dims.add(Dim.of(1 + random.nextInt(5)));
    }
    Value indices = graph.input(DType.I64, new Shape(dims), new Values.Below(extent));
    return Ops.gather(x, indices, axis);
  }

  private Value scatter(Value x) {
    Dim extent = x.shape().dim(0);
    if (extent.min() < 1) {
      return x;
    }
    Dim count = Dim.of(1 + random.nextInt(6));
    Value indices = graph.input(DType.I64, Shape.of(count), new Values.Below(extent));
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.set(0, count);
    Scatter.Kind kind = Scatter.Kind.values()[random.nextInt(Scatter.Kind.values().length)];
    return Ops.scatter(kind, x, indices, graph.operand(x.dtype(), new Shape(dims)));
  }

  private Value attention() {
    Dim heads = Dim.of(1 + random.nextInt(3));
    Dim q = graph.anyDim();
    Dim k = graph.anyDim();
    Dim d = Dim.of(1 + random.nextInt(8));
    Value queries = graph.operand(DType.F32, Shape.of(Dim.ONE, heads, q, d));
    Value keys = graph.operand(DType.F32, Shape.of(Dim.ONE, heads, k, d));
    Value values = graph.operand(DType.F32, Shape.of(Dim.ONE, heads, k, Dim.of(5)));
    List<Value> operands = new ArrayList<>(List.of(queries, keys, values));
    if (random.nextBoolean()) {
      operands.add(graph.operand(DType.F32, Shape.of(Dim.ONE, Dim.ONE, q, k)));
    }
    int keyBlock = random.nextBoolean() ? 64 : 8;
    var op = new Attention(0.3f, random.nextBoolean(), keyBlock);
    return Node.of("", op, operands).results().get(random.nextInt(2));
  }

  /** Shapes as values, and values as shapes. */
  private Value fromShapes(Value x) {
    int axis = random.nextInt(x.shape().rank());
    return switch (random.nextInt(4)) {
      case 0 -> Ops.iota(x.shape(), axis);
      case 1 -> Ops.dimension(x.shape().elements());
      case 2 -> Ops.cast(Ops.dimension(x.shape().dim(axis)), DType.F32);
      default -> nonZero(x, axis);
    };
  }

  private Value nonZero(Value x, int axis) {
    // one for each graph: its count is a symbol of its own
    if (count.isPresent() || x.shape().dim(axis).min() < 1 || x.shape().elements().max() > 3000) {
      return x;
    }
    Symbol found = new Symbol("count", 0, x.shape().elements().max());
    Value where = Node.value(new NonZero(found), x); // [rank, count]
    count = Optional.of(where);
    Value row = Ops.sliceAxis(where, 0, Dim.of(axis), Dim.ONE);
    return Ops.gather(x, Ops.reshape(row, Shape.of(Dim.of(found))), axis);
  }
}
