package dev.bascule.engine.rewrite;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Finds attention that was written out - {@code matmul(softmax(matmul(q, k') * scale + mask), v)}
 * over rank 4, as encoders exported to ONNX have it - and puts the {@link Attention} op in its
 * place, so that a device need not hold the matrix of scores.
 *
 * <p>What this changes: Attention means keys in blocks, a division after the second product instead
 * of before it, and one scale on the scores. A division by c becomes a multiplication by 1/c
 * rounded to f32, and scales on the queries or keys are multiplied into it, which is exact for
 * powers of two and moves the scores by a rounding otherwise. A row that is -infinity everywhere
 * gives 0 where the softmax gave NaN. So this runs where a graph comes into being, before any
 * device has seen it, and not in the engine: every device computes the same bits. What was found is
 * noted for {@code --explain}.
 */
public final class AttentionRecognition {
  /** Keys in one block. */
  public static final int KEY_BLOCK = 512;

  private static final long KEYS_MAX = KEY_BLOCK * 256L;

  private final Map<Value, Integer> uses = new HashMap<>();

  /** The parts of one attention, as values of the graph that was searched. */
  private record Found(Value query, Value key, Value value, float scale, Optional<Value> mask) {}

  /** A value times a number. */
  private record Scaled(Value value, double factor) {}

  private AttentionRecognition(Graph graph) {
    for (Node node : graph.nodes()) {
      node.operands().forEach(operand -> uses.merge(operand, 1, Integer::sum));
    }
    graph.roots().forEach(root -> uses.merge(root, 1, Integer::sum));
  }

  /** {@code graph} with what was found replaced; each find is told to {@code notes}. */
  public static Graph recognize(Graph graph, Consumer<String> notes) {
    AttentionRecognition search = new AttentionRecognition(graph);
    Map<Value, Value> values = new HashMap<>();
    for (Node node : graph.nodes()) {
      Optional<Found> found = search.find(node);
      if (found.isPresent()) {
        Node attention = attention(node.label(), found.get(), values);
        notes.accept(note(attention));
        Rewriter.replace(node, List.of(attention.result()), values);
      } else {
        List<Value> operands = Rewriter.mapped(values, node.operands());
        Rewriter.replace(node, Rewriter.rebuild(node, operands), values);
      }
    }
    return Rewriter.replaceRoots(graph, Rewriter.mapped(values, graph.roots()));
  }

  private static String note(Node attention) {
    List<Value> operands = attention.operands();
    return "'"
        + attention.label()
        + "' was written out and is attention now: queries "
        + operands.get(0).shape()
        + ", keys "
        + operands.get(1).shape()
        + (operands.size() == 4 ? ", bias " + operands.get(3).shape() : "")
        + ", "
        + attention.op();
  }

  private Optional<Found> find(Node node) {
    if (!isProduct(node) || node.result().shape().rank() != 4 || !node.result().dtype().isFloat()) {
      return Optional.empty();
    }
    Value weights = node.operand(0);
    boolean softmax =
        weights.node().op() instanceof Call call
            && call.name().equals("Softmax")
            && Integer.valueOf(3).equals(call.attributes().get("axis"));
    if (!softmax || !isUsedOnce(weights) || node.operand(1).shape().dim(2).max() > KEYS_MAX) {
      return Optional.empty();
    }
    Value scores = weights.node().operand(0);
    Optional<Found> plain = scores(scores, node.operand(1), Optional.empty());
    if (plain.isPresent() || scores.node().op() != Elementwise.ADD || !isUsedOnce(scores)) {
      return plain;
    }
    Value a = scores.node().operand(0);
    Value b = scores.node().operand(1);
    Optional<Found> left = scores(a, node.operand(1), Optional.of(b));
    return left.isPresent() ? left : scores(b, node.operand(1), Optional.of(a));
  }

  /** The product of queries and keys under a scale. */
  private Optional<Found> scores(Value scores, Value value, Optional<Value> mask) {
    Scaled product = unscaled(scores);
    Node node = product.value.node();
    if (!isProduct(node) || !isUsedOnce(product.value) || !isUsedOnce(scores)) {
      return Optional.empty();
    }
    Scaled query = unscaled(node.operand(0));
    Scaled key = key(node.operand(1));
    float scale = (float) (product.factor * query.factor * key.factor);
    return scale != 0 && Float.isFinite(scale)
        ? Optional.of(new Found(query.value, key.value, value, scale, mask))
        : Optional.empty();
  }

  private static boolean isProduct(Node node) {
    return node.op() instanceof Matmul && node.operands().size() == 2;
  }

  private boolean isUsedOnce(Value value) {
    return uses.getOrDefault(value, 0) == 1;
  }

  /** {@code value} without a multiplication or division by a number, which is a factor instead. */
  private static Scaled unscaled(Value value) {
    Node node = value.node();
    if (node.op() == Elementwise.MUL || node.op() == Elementwise.DIV) {
      Optional<Literal> number = Literal.of(node.operand(1));
      if (number.isPresent()) {
        double factor = number.get().number();
        return new Scaled(node.operand(0), node.op() == Elementwise.MUL ? factor : 1 / factor);
      }
      Optional<Literal> first = Literal.of(node.operand(0));
      if (first.isPresent() && node.op() == Elementwise.MUL) {
        return new Scaled(node.operand(1), first.get().number());
      }
    }
    return new Scaled(value, 1);
  }

  /** Keys [b, h, d, k] as they stand on the right of the product, without a scale. */
  private static Scaled key(Value transposed) {
    Scaled outer = unscaled(transposed);
    if (outer.value.node().op() instanceof Permute permute) {
      Scaled inner = unscaled(outer.value.node().operand(0));
      if (inner.factor != 1) {
        return new Scaled(Ops.permute(inner.value, permute.order()), outer.factor * inner.factor);
      }
    }
    return outer;
  }

  private static Node attention(String label, Found found, Map<Value, Value> values) {
    List<Value> operands = new ArrayList<>();
    operands.add(mapped(found.query, values));
    operands.add(transpose(mapped(found.key, values)));
    operands.add(mapped(found.value, values));
    found.mask.ifPresent(mask -> operands.add(bias(mapped(mask, values))));
    String own = label.equals("Matmul") ? "" : label;
    return Node.of(own, new Attention(found.scale, false, KEY_BLOCK), operands);
  }

  /** What replaces {@code value}; a permutation made while searching is made again. */
  private static Value mapped(Value value, Map<Value, Value> values) {
    return Rewriter.rewrite(List.of(value), values, Rewriter::rebuild).getFirst();
  }

  private static Value transpose(Value transposed) {
    if (transposed.node().op() instanceof Permute permute) {
      List<Integer> order = new ArrayList<>(permute.order());
      Collections.swap(order, 2, 3);
      return Ops.permute(transposed.node().operand(0), order);
    }
    return Ops.transpose(transposed);
  }

  /** A mask before it was repeated, with axes of extent 1 in front: rank 4. */
  private static Value bias(Value mask) {
    Value small = mask.node().op() instanceof Broadcast ? mask.node().operand(0) : mask;
    List<Dim> dims = new ArrayList<>(small.shape().dims());
    dims.addAll(0, Collections.nCopies(4 - dims.size(), Dim.ONE));
    return Ops.reshape(small, new Shape(dims));
  }
}
