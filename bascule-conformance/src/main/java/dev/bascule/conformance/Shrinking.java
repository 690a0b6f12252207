package dev.bascule.conformance;

import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Makes a failing graph small: outputs are dropped, earlier values become the only output, and
 * inner values become inputs with the values they had - as long as it still fails. (The idea of
 * Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002.)
 */
final class Shrinking {
  /** Trials that one failure is worth. */
  private static final int TRIALS_MAX = 300;

  private final Predicate<Trial> fails;
  private int trials;
  private Trial best;

  private Shrinking(Trial trial, Predicate<Trial> fails) {
    this.fails = fails;
    this.best = trial;
  }

  /** A smaller trial that fails too; {@code trial} itself where none was found. */
  static Trial shrink(Trial trial, Predicate<Trial> fails) {
    var shrinking = new Shrinking(trial, fails);
    boolean smaller = true;
    while (smaller) {
      smaller = shrinking.oneRun() || shrinking.dropOutputs() || shrinking.cut();
    }
    return shrinking.best;
  }

  private boolean accept(Trial candidate) {
    if (trials++ < TRIALS_MAX && fails.test(candidate)) {
      best = candidate;
      return true;
    }
    return false;
  }

  private boolean oneRun() {
    for (Map<String, Tensor> run : best.runs()) {
      if (best.runs().size() > 1 && accept(new Trial(best.graph(), List.of(run)))) {
        return true;
      }
    }
    return false;
  }

  /** Any value of the graph as the only output, smallest first; else the outputs less one. */
  private boolean dropOutputs() {
    List<Node> nodes = best.graph().nodes();
    int now = size(best.graph());
    for (Node node : nodes) {
      for (Value value : node.results()) {
        Trial alone = pruned(Map.of("out", value));
        if (!(node.op() instanceof Parameter) && size(alone.graph()) < now && accept(alone)) {
          return true;
        }
      }
    }
    for (String output : best.graph().outputs().keySet()) {
      Map<String, Value> fewer = new LinkedHashMap<>(best.graph().outputs());
      fewer.remove(output);
      if (!fewer.isEmpty() && accept(pruned(fewer))) {
        return true;
      }
    }
    return false;
  }

  private static int size(Graph graph) {
    return graph.nodes().size() + graph.outputs().size();
  }

  /** The trial for these outputs alone; inputs that only bind symbols stay. */
  private Trial pruned(Map<String, Value> outputs) {
    Set<Value> reached = new HashSet<>();
    Graph.topological(List.copyOf(outputs.values()))
        .forEach(node -> reached.addAll(node.results()));
    List<Value> inputs =
        best.graph().inputs().stream()
            .filter(input -> reached.contains(input) || !input.shape().isConstant())
            .toList();
    return best.withInputs(inputs, outputs);
  }

  /** Makes an inner value an input; the latest values first, since they cut most. */
  private boolean cut() {
    for (Node node : best.graph().nodes().reversed()) {
      boolean inner = !(node.op() instanceof Parameter) && !node.operands().isEmpty();
      if (inner && node.results().size() == 1 && !best.graph().roots().contains(node.result())) {
        Optional<Trial> candidate = cut(node.result());
        if (candidate.isPresent()
            && size(candidate.get().graph()) < size(best.graph())
            && accept(candidate.get())) {
          return true;
        }
      }
    }
    return false;
  }

  /** Empty where the value cannot be had alone: its shape hangs on another value. */
  private Optional<Trial> cut(Value value) {
    String label = "cut" + trials;
    Value input = Parameter.input(label, value.type());
    Map<Value, Value> replaced = new HashMap<>(Map.of(value, input));
    Map<String, Value> outputs = new LinkedHashMap<>();
    rebuild(best.graph(), replaced);
    best.graph()
        .outputs()
        .forEach((name, output) -> outputs.put(name, replaced.getOrDefault(output, output)));
    Graph inner = Graph.of("inner", best.graph().inputs(), Map.of("value", value));
    List<Map<String, Tensor>> runs = new ArrayList<>();
    for (Map<String, Tensor> run : best.runs()) {
      Map<String, Tensor> more = new LinkedHashMap<>(run);
      try {
        more.putAll(rename(Reference.run(inner, run), label));
      } catch (ShapeException unbound) {
        return Optional.empty();
      }
      runs.add(more);
    }
    List<Value> inputs = new ArrayList<>(best.graph().inputs());
    inputs.add(input);
    Trial whole = new Trial(Graph.of(best.graph().name(), inputs, outputs), runs);
    return Optional.of(new Shrinking(whole, fails).pruned(outputs));
  }

  private static Map<String, Tensor> rename(Map<String, Tensor> outputs, String label) {
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    outputs.values().forEach(tensor -> renamed.put(label, tensor));
    return renamed;
  }

  /** Fills {@code replaced} with new values for all that depend on those in it. */
  private static void rebuild(Graph graph, Map<Value, Value> replaced) {
    for (Node node : graph.nodes()) {
      List<Value> operands =
          node.operands().stream().map(o -> replaced.getOrDefault(o, o)).toList();
      boolean known = node.results().stream().anyMatch(replaced::containsKey);
      if (!known && !operands.equals(node.operands())) {
        Node copy = Node.of(node.label(), node.op(), operands);
        for (int i = 0; i < node.results().size(); i++) {
          replaced.put(node.results().get(i), copy.results().get(i));
        }
      }
    }
  }
}
