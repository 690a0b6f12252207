package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Small graphs with many literals, views and repetitions: food for every rule. */
final class RandomGraph {
  private static final List<DType> TYPES =
      List.of(DType.F32, DType.F16, DType.I32, DType.U8, DType.BOOL, DType.I64);
  private static final double[] LITERALS = {
    0.0, -0.0, 1, -1, 2, 0.25, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  private final Random random;
  private final List<Value> inputs = new ArrayList<>();
  private final List<Value> values = new ArrayList<>();

  RandomGraph(long seed) {
    random = new Random(seed);
  }

  Graph graph(int nodes) {
    for (int i = 0; i < 3; i++) {
      DType type = TYPES.get(random.nextInt(TYPES.size()));
      inputs.add(Parameter.input("x" + i, new TensorType(type, shape())));
    }
    values.addAll(inputs);
    while (values.size() < nodes) {
      values.add(random.nextInt(3) == 0 ? moved(any()) : computed(any()));
    }
    return Graph.of("random", inputs, values.subList(nodes - 5, nodes));
  }

  Map<String, Tensor> inputs() {
    Map<String, Tensor> tensors = new HashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      TensorType type = inputs.get(i).type();
      long[] extents = type.shape().dims().stream().mapToLong(Dim::constant).toArray();
      tensors.put("x" + i, Bits.specials(random, type.dtype(), extents));
    }
    return tensors;
  }

  private Shape shape() {
    long[] extents = new long[random.nextInt(4)];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = random.nextLong(1, 4);
    }
    return Shape.of(extents);
  }

  private Value any() {
    return values.get(random.nextInt(values.size()));
  }

  private Value computed(Value x) {
    if (random.nextInt(6) == 0) {
      return Ops.cast(x, TYPES.get(random.nextInt(TYPES.size())));
    }
    List<Elementwise> ops =
        IntStream.range(0, Elementwise.values().length)
            .mapToObj(i -> Elementwise.values()[i])
            .filter(op -> op.takes(x.dtype()) && !op.name().matches("(A?SIN|A?COS|A?TAN)H?|POW"))
            .toList();
    Elementwise op = ops.get(random.nextInt(ops.size()));
    Value[] operands = new Value[op.arity()];
    for (int i = 0; i < operands.length; i++) {
      operands[i] = like(x, op == Elementwise.SELECT && i == 0 ? DType.BOOL : x.dtype());
    }
    operands[op == Elementwise.SELECT ? 1 : random.nextInt(operands.length)] = x;
    return Ops.apply(op, operands);
  }

  /** A value, a literal or a constant of x's shape. */
  private Value like(Value x, DType type) {
    List<Value> same =
        values.stream().filter(v -> v.shape().equals(x.shape()) && v.dtype() == type).toList();
    if (!same.isEmpty() && random.nextInt(3) > 0) {
      return same.get(random.nextInt(same.size()));
    }
    double literal = LITERALS[random.nextInt(LITERALS.length)];
    if (random.nextBoolean()) {
      return Ops.fill(type, x.shape(), literal);
    }
    List<Dim> dims = x.shape().dims();
    Shape last = new Shape(dims.subList(dims.isEmpty() ? 0 : dims.size() - 1, dims.size()));
    long[] extents = last.dims().stream().mapToLong(Dim::constant).toArray();
    return Ops.broadcast(Constant.of(Bits.specials(random, type, extents)), x.shape());
  }

  private Value moved(Value x) {
    int rank = x.shape().rank();
    if (rank == 0) {
      return Ops.broadcast(x, shape());
    }
    int axis = random.nextInt(rank);
    Dim extent = x.shape().dim(axis);
    return switch (random.nextInt(9)) {
      case 0 -> Ops.reshape(x, Shape.of(x.shape().elements()));
      case 1 -> Ops.unsqueeze(x, random.nextInt(rank + 1));
      case 2 -> {
        List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
        Collections.shuffle(order, random);
        yield Ops.permute(x, order);
      }
      case 3 -> Ops.flip(x, axis);
      case 4 -> {
        long start = random.nextLong(extent.constant());
        Dim size = Dim.of(1 + random.nextLong(extent.constant() - start));
        yield Ops.sliceAxis(x, axis, Dim.of(start), size);
      }
      case 5 -> concatenated(x, axis, extent);
      case 6 -> {
        List<Dim> low = new ArrayList<>(Collections.nCopies(rank, Dim.ZERO));
        low.set(axis, Dim.of(random.nextInt(2)));
        yield Ops.pad(x, low, Collections.nCopies(rank, Dim.of(random.nextInt(2))));
      }
      case 7 -> {
        boolean folds = x.dtype() != DType.BOOL;
        Reduce.Kind kind = folds ? Reduce.Kind.SUM : Reduce.Kind.MAX;
        yield Ops.reduce(kind, x, List.of(axis), random.nextBoolean());
      }
      default -> Ops.gather(x, Ops.dimension(Dim.of(random.nextLong(extent.constant()))), axis);
    };
  }

  private Value concatenated(Value x, int axis, Dim extent) {
    if (extent.is(1) || random.nextBoolean()) {
      return Ops.concat(List.of(x, like(x, x.dtype())), axis);
    }
    Value first = Ops.sliceAxis(x, axis, Dim.ZERO, Dim.ONE);
    Value rest = Ops.sliceAxis(x, axis, Dim.ONE, extent.plus(-1));
    return Ops.concat(List.of(first, rest), axis);
  }
}
