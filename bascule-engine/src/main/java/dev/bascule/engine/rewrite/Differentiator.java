package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.LibraryOp;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reverse-mode differentiation: walks from a scalar loss back to what it was computed from, and at
 * each node asks the op for the gradients of its operands. Where a value is read several times, its
 * gradients are added in the reverse order of the nodes, operands ascending: one fixed order, so
 * the same graph always gives the same bits.
 *
 * <p>Functions are inlined first, and library ops that have no gradient of their own are
 * decomposed. Source of the method: Griewank and Walther, Evaluating Derivatives, 2008.
 */
public final class Differentiator {
  private final Map<Value, Value> gradients = new HashMap<>();
  private final Set<Value> dependent;

  private Differentiator(Set<Value> dependent) {
    this.dependent = dependent;
  }

  /**
   * The gradients of the scalar {@code loss} with respect to each of {@code variables}, of their
   * types; zeros for those that do not influence it.
   */
  public static List<Value> gradients(Value loss, List<Value> variables) {
    requireScalar(loss);
    variables.forEach(variable -> requireFloat(variable, loss));
    List<Value> roots = new ArrayList<>(variables);
    roots.addFirst(loss);
    List<Value> inlined =
        Inliner.inline(
            roots, node -> node.op() instanceof LibraryOp library && hasGradient(library));
    return differentiate(inlined.getFirst(), inlined.subList(1, inlined.size()));
  }

  /**
   * {@code graph} with the gradients of its output {@code loss} as further outputs, each named
   * {@code gradient of NAME}.
   */
  public static Graph differentiate(Graph graph, String loss, Map<String, Value> variables) {
    Value value = graph.outputs().get(loss);
    if (value == null) {
      throw new ShapeException(
          "graph '"
              + graph.name()
              + "' has no output '"
              + loss
              + "'; it has "
              + graph.outputs().keySet());
    }
    List<Value> gradients = gradients(value, List.copyOf(variables.values()));
    Map<String, Value> outputs = new LinkedHashMap<>(graph.outputs());
    int i = 0;
    for (String name : variables.keySet()) {
      outputs.put("gradient of " + name, gradients.get(i++));
    }
    return new Graph(graph.name(), graph.inputs(), outputs, graph.updates());
  }

  private static boolean hasGradient(LibraryOp op) {
    return switch (op) {
      case Matmul matmul -> true;
      case Attention attention -> false;
      case CachedAttention attention -> false;
      case Linear linear -> false;
    };
  }

  private static void requireScalar(Value loss) {
    if (loss.shape().rank() != 0 || !loss.dtype().isFloat()) {
      throw new ShapeException(
          "the loss '"
              + loss.node().label()
              + "' is "
              + loss.type()
              + ", expected a float scalar; sum or average it first");
    }
  }

  private static void requireFloat(Value variable, Value loss) {
    if (!variable.dtype().isFloat()) {
      throw new ShapeException(
          "the gradient of '"
              + loss.node().label()
              + "' with respect to '"
              + variable.node().label()
              + "' does not exist: it is "
              + variable.type()
              + ", expected floats");
    }
  }

  private static List<Value> differentiate(Value loss, List<Value> variables) {
    List<Node> nodes = Graph.topological(List.of(loss));
    Differentiator pass = new Differentiator(dependent(nodes, variables));
    pass.gradients.put(loss, Ops.scalar(loss.dtype(), 1));
    for (Node node : nodes.reversed()) {
      pass.propagate(node);
    }
    return variables.stream()
        .map(variable ->
            Optional.ofNullable(pass.gradients.get(variable))
                .orElseGet(() -> Ops.zeros(variable.dtype(), variable.shape())))
        .toList();
  }

  /** The values that the variables influence, themselves included. */
  private static Set<Value> dependent(List<Node> nodes, List<Value> variables) {
    Set<Value> dependent = new HashSet<>(variables);
    for (Node node : nodes) {
      if (node.operands().stream().anyMatch(dependent::contains)) {
        dependent.addAll(node.results());
      }
    }
    return dependent;
  }

  private void propagate(Node node) {
    List<Optional<Value>> results =
        node.results().stream().map(value -> Optional.ofNullable(gradients.get(value))).toList();
    boolean reached = results.stream().anyMatch(Optional::isPresent);
    if (!reached || node.operands().stream().noneMatch(dependent::contains)) {
      return;
    }
    List<Optional<Value>> given = gradients(node, results);
    for (int i = 0; i < given.size(); i++) {
      Value operand = node.operand(i);
      if (given.get(i).isPresent() && dependent.contains(operand)) {
        accumulate(node, operand, given.get(i).get());
      }
    }
  }

  private static List<Optional<Value>> gradients(Node node, List<Optional<Value>> results) {
    try {
      return node.op().gradient(node, results);
    } catch (ShapeException e) {
      throw new ShapeException(
          "'"
              + node.label()
              + "' lies between the loss and a variable, and has no gradient: "
              + e.getMessage()
              + "; differentiate by other variables, or compute it another way",
          e);
    }
  }

  private void accumulate(Node node, Value operand, Value gradient) {
    if (!gradient.type().equals(operand.type()) || operand.dtype() == DType.BOOL) {
      throw new IllegalStateException(
          "gradient of " + node + " for " + operand + " is " + gradient.type());
    }
    gradients.merge(operand, gradient, Ops::add);
  }
}
