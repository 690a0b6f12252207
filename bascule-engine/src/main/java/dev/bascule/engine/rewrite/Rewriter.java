package dev.bascule.engine.rewrite;

import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rebuilds a graph from its inputs to its outputs, each node once, with a rule that says what
 * stands in its place. What nothing reads any more is gone from the new graph. Takes time linear in
 * the nodes and no stack, however deep the graph is.
 */
public final class Rewriter {
  private Rewriter() {}

  /** What takes the place of a node. */
  public interface Rule {
    /**
     * The values that replace {@code node}'s results, of the same types, where {@code operands}
     * have replaced its operands. {@link #rebuild} keeps the node.
     */
    List<Value> rewrite(Node node, List<Value> operands);
  }

  /** {@code graph} with every node replaced by {@code rule}; inputs and names stay. */
  public static Graph rewrite(Graph graph, Rule rule) {
    return replaceRoots(graph, rewrite(graph.roots(), Map.of(), rule));
  }

  /**
   * What {@code roots} become when {@code rule} replaces every node between the values that {@code
   * known} replaces and the roots.
   */
  public static List<Value> rewrite(List<Value> roots, Map<Value, Value> known, Rule rule) {
    Map<Value, Value> values = new HashMap<>(known);
    for (Node node : Graph.topological(roots, known.keySet())) {
      replace(node, rule.rewrite(node, mapped(values, node.operands())), values);
    }
    return mapped(values, roots);
  }

  /** The results of {@code node}'s op on other operands; the same node where nothing changed. */
  public static List<Value> rebuild(Node node, List<Value> operands) {
    return operands.equals(node.operands())
        ? node.results()
        : Node.of(node.label(), node.op(), operands).results();
  }

  /** {@code graph} with other values, in the order of {@link Graph#roots}. */
  static Graph replaceRoots(Graph graph, List<Value> roots) {
    Map<String, Value> outputs = new LinkedHashMap<>();
    Map<State, Value> updates = new LinkedHashMap<>();
    int i = 0;
    for (String output : graph.outputs().keySet()) {
      outputs.put(output, roots.get(i++));
    }
    for (State state : graph.updates().keySet()) {
      updates.put(state, roots.get(i++));
    }
    return new Graph(graph.name(), graph.inputs(), outputs, updates);
  }

  /** Notes that {@code results} replace those of {@code node}; the types must be the same. */
  static void replace(Node node, List<Value> results, Map<Value, Value> values) {
    for (int i = 0; i < node.results().size(); i++) {
      Value old = node.results().get(i);
      Value replacement = results.get(i);
      if (!old.type().equals(replacement.type())) {
        throw new IllegalStateException(
            "rewriting " + node + ": " + old.type() + " became " + replacement);
      }
      values.put(old, replacement);
    }
  }

  static List<Value> mapped(Map<Value, Value> values, List<Value> old) {
    return old.stream().map(value -> mapped(values, value)).toList();
  }

  static Value mapped(Map<Value, Value> values, Value old) {
    Value value = values.get(old);
    if (value == null) {
      throw new IllegalStateException(old + " was not rewritten before its use");
    }
    return value;
  }
}
