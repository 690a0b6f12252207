package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The reference interpreter: gives every graph its meaning, one op after the other, without fusion,
 * planning or threads. Slow and plain on purpose; every device must give its bits.
 */
public final class Reference {
  private Reference() {}

  /** Outputs by name for inputs by name; states start from {@code states}, which is updated. */
  public static Map<String, Tensor> run(
      Graph graph, Map<String, Tensor> inputs, Map<State, Tensor> states) {
    List<Value> parameters = new ArrayList<>(graph.inputs());
    List<Tensor> tensors = new ArrayList<>();
    Bindings dims = Bindings.NONE;
    for (Value input : graph.inputs()) {
      String label = ((Parameter) input.node().op()).label();
      Tensor tensor = inputs.get(label);
      if (tensor == null) {
        throw new ShapeException(
            "input '" + label + "' " + input.type() + " is missing; given: " + inputs.keySet());
      }
      dims = Shapes.bind("input '" + label + "'", input.type(), tensor, dims);
      tensors.add(tensor);
    }
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Parameter p && p.state().isPresent()) {
        parameters.add(node.result());
        tensors.add(states.get(p.state().get()));
      }
    }
    List<Tensor> results = evaluate(parameters, tensors, graph.roots(), dims);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    int i = 0;
    for (String name : graph.outputs().keySet()) {
      outputs.put(name, results.get(i++));
    }
    for (State state : graph.updates().keySet()) {
      states.put(state, results.get(i++));
    }
    return outputs;
  }

  public static Map<String, Tensor> run(Graph graph, Map<String, Tensor> inputs) {
    return run(graph, inputs, new HashMap<>());
  }

  /** The values of {@code roots} where {@code parameters} have the values {@code given}. */
  public static List<Tensor> evaluate(
      List<Value> parameters, List<Tensor> given, List<Value> roots, Bindings dims) {
    Map<Value, Tensor> known = new HashMap<>();
    for (int i = 0; i < given.size(); i++) {
      known.put(parameters.get(i), given.get(i));
    }
    Set<Value> givens = Set.copyOf(known.keySet());
    List<Node> order = Graph.topological(roots, givens);
    Map<Value, Integer> uses = uses(order, roots);
    Bindings bindings = dims;
    for (Node node : order) {
      if (node.op() instanceof Parameter parameter) {
        throw new ShapeException("parameter '" + parameter.label() + "' has no value");
      }
      List<Tensor> operands =
          node.operands().stream().map(value -> Shapes.known(known, value)).toList();
      List<Tensor> results = node.op().evaluate(node, operands, bindings);
      for (int i = 0; i < results.size(); i++) {
        known.put(node.results().get(i), results.get(i));
      }
      if (node.op() instanceof NonZero nonZero) {
        bindings = bindings.with(nonZero.count(), results.getFirst().extent(1));
      }
      for (Value operand : node.operands()) {
        if (uses.merge(operand, -1, Integer::sum) == 0 && !givens.contains(operand)) {
          known.remove(operand);
        }
      }
    }
    return roots.stream().map(value -> Shapes.known(known, value)).toList();
  }

  private static Map<Value, Integer> uses(List<Node> order, List<Value> roots) {
    Map<Value, Integer> uses = new HashMap<>();
    order.forEach(node -> node.operands().forEach(operand -> uses.merge(operand, 1, Integer::sum)));
    roots.forEach(root -> uses.merge(root, 1, Integer::sum));
    return uses;
  }
}
