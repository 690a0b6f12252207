package dev.bascule.engine.rewrite;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Movements that move nothing, and pairs of movements that one movement equals. */
final class MovementRules {
  private MovementRules() {}

  /** A single number repeated looks the same however its copies are moved. */
  private static Optional<Value> single(Simplifier simplifier, Node node) {
    Value x = node.operand(0);
    return x.node().op() instanceof Broadcast && x.node().operand(0).shape().rank() == 0
        ? Optional.of(
            simplifier.make(
                node.label(), new Broadcast(node.result().shape()), x.node().operand(0)))
        : Optional.empty();
  }

  static Optional<Value> simplify(Simplifier simplifier, Node node, Reshape reshape) {
    Value x = node.operand(0);
    if (x.shape().equals(reshape.shape())) {
      return Optional.of(x);
    }
    return x.node().op() instanceof Reshape
        ? Optional.of(simplifier.make(node.label(), reshape, x.node().operand(0)))
        : single(simplifier, node);
  }

  static Optional<Value> simplify(Simplifier simplifier, Node node, Permute permute) {
    Value x = node.operand(0);
    List<Integer> order = permute.order();
    boolean identity = true;
    for (int axis = 0; axis < order.size(); axis++) {
      identity &= order.get(axis) == axis;
    }
    if (identity) {
      return Optional.of(x);
    }
    if (x.node().op() instanceof Permute inner) {
      List<Integer> composed = order.stream().map(axis -> inner.order().get(axis)).toList();
      return Optional.of(simplifier.make(node.label(), new Permute(composed), x.node().operand(0)));
    }
    return single(simplifier, node);
  }

  static Optional<Value> simplify(Simplifier simplifier, Node node, Broadcast broadcast) {
    Value x = node.operand(0);
    if (x.shape().equals(broadcast.shape())) {
      return Optional.of(x);
    }
    // repeated twice is repeated once, and axes of extent 1 in front need no reshape
    boolean through =
        x.node().op() instanceof Broadcast
            || (x.node().op() instanceof Reshape
                && x.shape().equals(withOnes(x.node().operand(0).shape(), x.shape().rank())));
    if (through) {
      return Optional.of(simplifier.make(node.label(), broadcast, x.node().operand(0)));
    }
    // nothing is repeated
    return broadcast.shape().equals(withOnes(x.shape(), broadcast.shape().rank()))
        ? Optional.of(simplifier.make(node.label(), new Reshape(broadcast.shape()), x))
        : Optional.empty();
  }

  /**
   * {@code shape} with axes of extent 1 in front, {@code rank} in all; itself where it has more.
   */
  private static Shape withOnes(Shape shape, int rank) {
    List<Dim> dims = new ArrayList<>(shape.dims());
    dims.addAll(0, Collections.nCopies(Math.max(0, rank - shape.rank()), Dim.ONE));
    return new Shape(dims);
  }

  static Optional<Value> simplify(Simplifier simplifier, Node node, Slice slice) {
    Value x = node.operand(0);
    if (isWhole(slice, x.shape())) {
      return Optional.of(x);
    }
    Value under = x.node().operands().isEmpty() ? x : x.node().operand(0);
    return switch (x.node().op()) {
      case Slice inner -> Optional.of(simplifier.make(node.label(), composed(inner, slice), under));
      case Pad pad when takes(slice, pad.low(), under.shape().dims()) -> Optional.of(under);
      case Concat concat -> part(simplifier, node, slice, concat.axis());
      default -> single(simplifier, node);
    };
  }

  private static boolean isWhole(Slice slice, Shape shape) {
    for (int axis = 0; axis < shape.rank(); axis++) {
      boolean forward = slice.steps().get(axis) == 1 || shape.dim(axis).is(1);
      if (!forward || !slice.starts().get(axis).is(0)) {
        return false;
      }
    }
    return slice.sizes().equals(shape.dims());
  }

  /** True for the plain box of these starts and sizes. */
  private static boolean takes(Slice slice, List<Dim> starts, List<Dim> sizes) {
    return slice.starts().equals(starts)
        && slice.sizes().equals(sizes)
        && slice.steps().stream().allMatch(step -> step == 1);
  }

  private static Slice composed(Slice inner, Slice outer) {
    List<Dim> starts = new ArrayList<>();
    List<Long> steps = new ArrayList<>();
    for (int axis = 0; axis < inner.starts().size(); axis++) {
      long step = inner.steps().get(axis);
      starts.add(inner.starts().get(axis).plus(outer.starts().get(axis).times(step)));
      steps.add(Math.multiplyExact(step, outer.steps().get(axis)));
    }
    return new Slice(starts, outer.sizes(), steps);
  }

  /** A slice that lies in one operand of a concatenation is a slice of that operand. */
  private static Optional<Value> part(Simplifier simplifier, Node node, Slice slice, int axis) {
    Dim first = slice.starts().get(axis);
    Dim last = first.plus(slice.sizes().get(axis).plus(-1).times(slice.steps().get(axis)));
    Dim low = slice.steps().get(axis) > 0 ? first : last;
    Dim high = slice.steps().get(axis) > 0 ? last : first;
    Dim offset = Dim.ZERO;
    for (Value operand : node.operand(0).node().operands()) {
      Dim end = offset.plus(operand.shape().dim(axis));
      if (low.minus(offset).min() >= 0 && end.plus(-1).minus(high).min() >= 0) {
        List<Dim> starts = new ArrayList<>(slice.starts());
        starts.set(axis, first.minus(offset));
        Slice within = new Slice(starts, slice.sizes(), slice.steps());
        return Optional.of(simplifier.make(node.label(), within, operand));
      }
      offset = end;
    }
    return Optional.empty();
  }

  static Optional<Value> simplify(Simplifier simplifier, Node node, Pad pad) {
    Value x = node.operand(0);
    Value fill = node.operand(1);
    if (pad.low().stream().allMatch(d -> d.is(0)) && pad.high().stream().allMatch(d -> d.is(0))) {
      return Optional.of(x);
    }
    if (x.node().op() instanceof Pad inner && x.node().operand(1).equals(fill)) {
      Pad both = new Pad(sum(inner.low(), pad.low()), sum(inner.high(), pad.high()));
      return Optional.of(simplifier.make(node.label(), both, x.node().operand(0), fill));
    }
    Optional<Literal> around = Literal.of(fill);
    return around.isPresent() && around.equals(Literal.of(x))
        ? Optional.of(simplifier.make(node.label(), new Broadcast(node.result().shape()), fill))
        : Optional.empty();
  }

  private static List<Dim> sum(List<Dim> a, List<Dim> b) {
    List<Dim> sums = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      sums.add(a.get(i).plus(b.get(i)));
    }
    return sums;
  }

  /** One index that is known and inside takes a slice. */
  static Optional<Value> simplify(Simplifier simplifier, Node node, Gather gather) {
    Value data = node.operand(0);
    Value indices = node.operand(1);
    Optional<Literal> index =
        indices.shape().elements().is(1) ? Literal.of(indices) : Optional.empty();
    if (index.isEmpty()
        || index.get().bits() < 0
        || index.get().bits() >= data.shape().dim(gather.axis()).min()) {
      return Optional.empty();
    }
    List<Dim> starts = new ArrayList<>(Collections.nCopies(data.shape().rank(), Dim.ZERO));
    List<Dim> sizes = new ArrayList<>(data.shape().dims());
    starts.set(gather.axis(), Dim.of(index.get().bits()));
    sizes.set(gather.axis(), Dim.ONE);
    Slice slice = new Slice(starts, sizes, Collections.nCopies(sizes.size(), 1L));
    Value taken = simplifier.make(node.label(), slice, data);
    return Optional.of(simplifier.make(node.label(), new Reshape(node.result().shape()), taken));
  }

  /** Folding axes of extent 1 folds one element. */
  static Optional<Value> simplify(Simplifier simplifier, Node node, Reduce reduce) {
    Value x = node.operand(0);
    if (!reduce.axes().stream().allMatch(axis -> x.shape().dim(axis).is(1))) {
      return Optional.empty();
    }
    Value element = simplifier.make(node.label(), new Reshape(node.result().shape()), x);
    if (reduce.kind() != Reduce.Kind.SUM || !x.dtype().isFloat()) {
      return Optional.of(element);
    }
    // a sum starts from 0, which turns -0 into 0
    Value zero = simplifier.make("", Ops.scalar(x.dtype(), 0).node().op());
    Value zeros = simplifier.make("", new Broadcast(element.shape()), zero);
    return Optional.of(simplifier.make(node.label(), Elementwise.ADD, element, zeros));
  }
}
