package dev.bascule.engine.rewrite;

import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes a graph smaller without changing one bit of what it computes: folds constants, shares equal
 * nodes, drops what nothing reads, and applies the algebra that holds for all inputs - -0, NaN,
 * infinities and denormals included. {@code x + 0} is not such a rule (it turns -0 into 0); {@code
 * x - 0} is.
 *
 * <p>One pass from the inputs to the outputs reaches the fixpoint, because every rule looks at a
 * node and what it reads, which is simplified already, and gives values that went through the same
 * rules. Every rule removes an op or replaces one by a cheaper one, so this ends.
 */
public final class Simplifier {
  /** Results of up to this many bytes are folded where nothing else is said. */
  public static final long FOLDED_BYTES_MAX = 1 << 20;

  private final Folding folding;
  private final Map<Key, Node> shared = new HashMap<>();

  /** What makes two nodes equal. Values compare by identity. */
  private record Key(Op op, List<Value> operands) {}

  private Simplifier(long foldedBytesMax) {
    this.folding = new Folding(foldedBytesMax);
  }

  public static Graph simplify(Graph graph) {
    return simplify(graph, FOLDED_BYTES_MAX);
  }

  /** {@code graph} simplified; constants larger than {@code foldedBytesMax} are not computed. */
  public static Graph simplify(Graph graph, long foldedBytesMax) {
    Simplifier simplifier = new Simplifier(foldedBytesMax);
    return Rewriter.rewrite(
        graph,
        (node, operands) ->
            simplifier.results(
                operands.equals(node.operands())
                    ? node
                    : Node.of(node.label(), node.op(), operands)));
  }

  /** The simplified first result of {@code op}; how rules write what they give. */
  Value make(String label, Op op, Value... operands) {
    return results(Node.of(label, op, List.of(operands))).getFirst();
  }

  private List<Value> results(Node node) {
    Optional<List<Value>> folded = folding.fold(node);
    if (folded.isPresent()) {
      return folded.get().stream().map(this::shareConstant).toList();
    }
    Optional<Value> simpler = simpler(node);
    return simpler.isPresent() ? List.of(simpler.get()) : share(node);
  }

  /** A folded value: a constant, or a view of one. */
  private Value shareConstant(Value folded) {
    Node node = folded.node();
    return node.op() instanceof Broadcast repeat
        ? make(node.label(), repeat, share(node.operand(0).node()).getFirst())
        : share(node).getFirst();
  }

  private Optional<Value> simpler(Node node) {
    return switch (node.op()) {
      case Elementwise op -> new Algebra(this, node).simplify(op);
      case Cast cast -> CastRules.simplify(this, node, cast);
      case Bitcast cast -> CastRules.simplify(this, node, cast);
      case Reshape reshape -> MovementRules.simplify(this, node, reshape);
      case Permute permute -> MovementRules.simplify(this, node, permute);
      case Broadcast broadcast -> MovementRules.simplify(this, node, broadcast);
      case Slice slice -> MovementRules.simplify(this, node, slice);
      case Pad pad -> MovementRules.simplify(this, node, pad);
      case Concat concat -> ConcatRules.simplify(this, node, concat);
      case Gather gather -> MovementRules.simplify(this, node, gather);
      case Reduce reduce -> MovementRules.simplify(this, node, reduce);
      case Matmul matmul -> zeroInitial(node);
      default -> Optional.empty();
    };
  }

  /** A product without an initial value starts from 0. */
  private Optional<Value> zeroInitial(Node node) {
    return node.operands().size() == 3 && Literal.is(node.operand(2), 0)
        ? Optional.of(make(node.label(), node.op(), node.operand(0), node.operand(1)))
        : Optional.empty();
  }

  /** The node that computes this already, or this one from now on. */
  private List<Value> share(Node node) {
    if (node.op() instanceof Parameter parameter && parameter.state().isEmpty()) {
      return node.results(); // inputs are themselves, whatever they are called
    }
    if (node.op() instanceof Elementwise op && Algebra.isCommutative(op)) {
      Node swapped = shared.get(new Key(op, node.operands().reversed()));
      if (swapped != null) {
        return swapped.results();
      }
    }
    Node known = shared.putIfAbsent(new Key(node.op(), node.operands()), node);
    return known == null ? node.results() : known.results();
  }
}
