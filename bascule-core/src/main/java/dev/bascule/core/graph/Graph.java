package dev.bascule.core.graph;

import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A computation: named inputs, named outputs, and updates of states. Its nodes are those that the
 * outputs and updates reach.
 *
 * @param outputs named results, in order
 * @param updates the last version of each state that the graph changes
 */
public record Graph(
    String name, List<Value> inputs, Map<String, Value> outputs, Map<State, Value> updates) {
  public Graph {
    inputs = List.copyOf(inputs);
    outputs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    updates = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(updates));
    Set<String> names = new HashSet<>();
    for (Value input : inputs) {
      if (!(input.node().op() instanceof Parameter parameter)) {
        throw new ShapeException(
            "graph '" + name + "': " + input + " is no parameter, so it cannot be an input");
      }
      if (!names.add(parameter.label())) {
        throw new ShapeException(
            "graph '" + name + "' has two inputs named '" + parameter.label() + "'");
      }
    }
    updates.forEach((state, value) -> {
      if (!state.type().equals(value.type())) {
        throw new ShapeException(
            "state '" + state.name() + "' is " + state.type() + ", its update " + value.type());
      }
    });
  }

  public static Graph of(String name, List<Value> inputs, Map<String, Value> outputs) {
    return new Graph(name, inputs, outputs, Map.of());
  }

  /** A graph with outputs named {@code 0}, {@code 1}, ... */
  public static Graph of(String name, List<Value> inputs, List<Value> outputs) {
    Map<String, Value> named = new LinkedHashMap<>();
    outputs.forEach(value -> named.put(Integer.toString(named.size()), value));
    return of(name, inputs, named);
  }

  /** Outputs, then updates: everything the graph is run for. */
  public List<Value> roots() {
    List<Value> roots = new ArrayList<>(outputs.values());
    roots.addAll(updates.values());
    return roots;
  }

  /** All nodes, each after those it reads. */
  public List<Node> nodes() {
    return topological(roots());
  }

  /**
   * The nodes that {@code roots} reach, each after those it reads; iterative, so deep graphs do not
   * overflow the stack.
   */
  public static List<Node> topological(List<Value> roots) {
    return topological(roots, Set.of());
  }

  /** The same, for the part of a graph that lies between the values {@code known} and the roots. */
  public static List<Node> topological(List<Value> roots, Set<Value> known) {
    List<Node> order = sorted(roots, known, Map.of());
    Map<Symbol, Node> counts = new HashMap<>();
    for (Node node : order) {
      if (node.op() instanceof NonZero nonZero) {
        counts.put(nonZero.count(), node);
      }
    }
    return counts.isEmpty() ? order : sorted(roots, known, counts);
  }

  /**
   * Depth first. {@code counts} are nodes that give a dimension its value: whoever has the
   * dimension follows them, though it may read none of their results.
   */
  private static List<Node> sorted(List<Value> roots, Set<Value> known, Map<Symbol, Node> counts) {
    List<Node> order = new ArrayList<>();
    Set<Node> done = new HashSet<>();
    Set<Node> open = new HashSet<>();
    Deque<Node> stack = new ArrayDeque<>();
    for (Value root : roots) {
      if (!known.contains(root)) {
        stack.push(root.node());
      }
      while (!stack.isEmpty()) {
        Node node = stack.peek();
        if (done.contains(node)) {
          stack.pop();
        } else if (open.add(node)) {
          List<Value> operands = node.operands();
          for (int i = operands.size() - 1; i >= 0; i--) {
            if (!known.contains(operands.get(i)) && !done.contains(operands.get(i).node())) {
              stack.push(operands.get(i).node());
            }
          }
          counted(node, counts).stream().filter(n -> !done.contains(n)).forEach(stack::push);
        } else {
          stack.pop();
          done.add(node);
          order.add(node);
        }
      }
    }
    return order;
  }

  /** The nodes whose counts are dimensions of {@code node}. */
  private static Set<Node> counted(Node node, Map<Symbol, Node> counts) {
    Set<Node> nodes = new java.util.LinkedHashSet<>();
    if (!counts.isEmpty()) {
      Set<Symbol> symbols = new TreeSet<>();
      node.results().forEach(result -> symbols.addAll(result.shape().elements().symbols()));
      if (node.op() instanceof DimensionValue value) {
        symbols.addAll(value.dim().symbols());
      }
      for (Symbol symbol : symbols) {
        Node by = counts.get(symbol);
        if (by != null && by != node) {
          nodes.add(by);
        }
      }
    }
    return nodes;
  }

  /** The states the graph reads or updates. */
  public List<State> states() {
    Set<State> states = new java.util.LinkedHashSet<>();
    for (Node node : nodes()) {
      if (node.op() instanceof Parameter p && p.state().isPresent()) {
        states.add(p.state().get());
      }
    }
    states.addAll(updates.keySet());
    return List.copyOf(states);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("graph " + name + "\n");
    Map<Node, Integer> numbers = new java.util.HashMap<>();
    for (Node node : nodes()) {
      numbers.put(node, numbers.size());
      text.append("  %").append(numbers.get(node)).append(" = ").append(node.op());
      for (Value operand : node.operands()) {
        text.append(" %").append(numbers.get(operand.node()));
        if (operand.index() > 0) {
          text.append('.').append(operand.index());
        }
      }
      text.append(" : ").append(node.results().stream().map(Value::type).toList()).append('\n');
    }
    outputs.forEach((key, value) ->
        text.append("  ")
            .append(key)
            .append(" <- %")
            .append(numbers.get(value.node()))
            .append('\n'));
    return text.toString();
  }
}
