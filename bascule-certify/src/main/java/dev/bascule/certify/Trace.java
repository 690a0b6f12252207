package dev.bascule.certify;

import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A graph whose labelled values are all outputs, so that two runs can be compared op by op: where a
 * value differs that was computed from equal ones, its op is the one to look at.
 *
 * @param graph with the outputs
 * @param steps its labelled values in the order in which they are computed, inputs first
 */
record Trace(Graph graph, List<Step> steps) {
  /** Where a step's value is to be had. */
  sealed interface Source {
    /** It is an input of the run. */
    record Input(String name) implements Source {}

    /** It is an output of the graph. */
    record Output(String name) implements Source {}

    /** It is a state after the runs. */
    record Stored(State state) implements Source {}
  }

  /**
   * A labelled value.
   *
   * @param reads labels of the labelled values that it is computed from
   */
  record Step(String label, String op, Set<String> reads, Source source) {}

  static Trace of(Graph graph) {
    return new Walk(graph).trace();
  }

  private static final class Walk {
    private final Graph graph;
    private final Map<Value, State> updated = new HashMap<>();
    private final Map<String, Value> outputs = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final Set<String> labels = new LinkedHashSet<>();

    /** For each value the labels nearest to it on the ways back. */
    private final Map<Value, Set<String>> origins = new HashMap<>();

    Walk(Graph graph) {
      this.graph = graph;
      graph.updates().forEach((state, value) -> updated.put(value, state));
    }

    Trace trace() {
      for (Value input : graph.inputs()) {
        String name = ((Parameter) input.node().op()).label();
        add(name, "input", Set.of(), new Source.Input(name), input);
      }
      Map<Value, String> named = new HashMap<>();
      graph.outputs().forEach((name, value) -> named.putIfAbsent(value, name));
      for (Node node : graph.nodes()) {
        Set<String> reads = new LinkedHashSet<>();
        node.operands().forEach(operand -> reads.addAll(origins.getOrDefault(operand, Set.of())));
        for (Value result : node.results()) {
          visit(node, result, reads, Optional.ofNullable(named.get(result)));
        }
      }
      return new Trace(
          new Graph(graph.name(), graph.inputs(), outputs, graph.updates()), List.copyOf(steps));
    }

    private void visit(Node node, Value result, Set<String> reads, Optional<String> output) {
      boolean isGiven = node.op() instanceof Parameter || node.op() instanceof Constant;
      boolean isLabelled = !node.label().equals(node.op().name()) || output.isPresent();
      if (isGiven) {
        origins.putIfAbsent(result, Set.of());
      } else if (!isLabelled) {
        origins.put(result, reads);
      } else {
        String whole = node.label().equals(node.op().name()) ? output.orElseThrow() : node.label();
        String label = node.results().size() == 1 ? whole : whole + "[" + result.index() + "]";
        Optional<State> state = Optional.ofNullable(updated.get(result));
        String name = unique(label);
        Source source =
            state.isPresent() ? new Source.Stored(state.get()) : new Source.Output(name);
        if (state.isEmpty()) {
          outputs.put(name, result);
        }
        add(name, node.op().name(), reads, source, result);
      }
    }

    private void add(String label, String op, Set<String> reads, Source source, Value value) {
      labels.add(label);
      origins.put(value, Set.of(label));
      steps.add(new Step(label, op, Set.copyOf(reads), source));
    }

    private String unique(String label) {
      String name = label;
      for (int i = 2; labels.contains(name); i++) {
        name = label + "#" + i;
      }
      return name;
    }
  }
}
