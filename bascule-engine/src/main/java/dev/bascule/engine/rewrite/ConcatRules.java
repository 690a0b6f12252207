package dev.bascule.engine.rewrite;

import dev.bascule.core.Dim;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Concatenations that are shorter than they look. */
final class ConcatRules {
  /** Chains are flattened up to this many operands, so that a long one takes linear time. */
  private static final int OPERANDS_MAX = 64;

  private ConcatRules() {}

  static Optional<Value> simplify(Simplifier simplifier, Node node, Concat concat) {
    List<Value> parts = new ArrayList<>();
    for (Value part : flattened(node, concat)) {
      if (part.shape().dim(concat.axis()).is(0) && node.operands().size() > 1) {
        continue; // nothing in it
      }
      Optional<Value> joined =
          parts.isEmpty()
              ? Optional.empty()
              : joined(simplifier, parts.getLast(), part, concat.axis());
      if (joined.isPresent()) {
        parts.set(parts.size() - 1, joined.get());
      } else {
        parts.add(part);
      }
    }
    if (parts.isEmpty()) {
      parts.add(node.operand(0)); // all of them empty
    }
    if (parts.size() == 1) {
      return Optional.of(parts.getFirst());
    }
    return parts.equals(node.operands())
        ? Optional.empty()
        : Optional.of(simplifier.make(node.label(), concat, parts.toArray(Value[]::new)));
  }

  private static List<Value> flattened(Node node, Concat concat) {
    List<Value> parts = new ArrayList<>();
    for (Value operand : node.operands()) {
      if (operand.node().op().equals(concat)
          && operand.node().operands().size() + node.operands().size() <= OPERANDS_MAX) {
        parts.addAll(operand.node().operands());
      } else {
        parts.add(operand);
      }
    }
    return parts;
  }

  /** Neighbouring slices of one value are one slice. */
  private static Optional<Value> joined(Simplifier simplifier, Value a, Value b, int axis) {
    if (!(a.node().op() instanceof Slice first)
        || !(b.node().op() instanceof Slice second)
        || !a.node().operand(0).equals(b.node().operand(0))
        || !first.steps().equals(second.steps())) {
      return Optional.empty();
    }
    Dim step = Dim.of(first.steps().get(axis));
    List<Dim> starts = new ArrayList<>(first.starts());
    List<Dim> sizes = new ArrayList<>(first.sizes());
    starts.set(axis, starts.get(axis).plus(sizes.get(axis).times(step)));
    sizes.set(axis, second.sizes().get(axis));
    if (!starts.equals(second.starts()) || !sizes.equals(second.sizes())) {
      return Optional.empty();
    }
    sizes.set(axis, first.sizes().get(axis).plus(second.sizes().get(axis)));
    Slice whole = new Slice(first.starts(), sizes, first.steps());
    return Optional.of(simplifier.make(a.node().label(), whole, a.node().operand(0)));
  }
}
