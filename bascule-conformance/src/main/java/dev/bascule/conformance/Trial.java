package dev.bascule.conformance;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A graph with the very inputs of each run: what a failure is made smaller with. */
record Trial(Graph graph, List<Map<String, Tensor>> runs) {
  Trial {
    runs = List.copyOf(runs);
  }

  static Trial of(Case example) {
    List<Map<String, Tensor>> runs = new ArrayList<>();
    for (int run = 0; run < example.runs().size(); run++) {
      runs.add(example.inputs(run));
    }
    return new Trial(example.graph(), runs);
  }

  /** The outputs of each run; empty where the reference itself refuses the graph. */
  Optional<List<Map<String, Tensor>>> expected() {
    List<Map<String, Tensor>> expected = new ArrayList<>();
    try {
      for (Map<String, Tensor> inputs : runs) {
        expected.add(Reference.run(graph, inputs));
      }
      return Optional.of(expected);
    } catch (RuntimeException refused) {
      return Optional.empty();
    }
  }

  /** What is wrong with {@code runner}, if anything; nothing where there is no reference. */
  Optional<String> failure(GraphRunner runner) {
    return expected().flatMap(expected -> failure(runner, expected));
  }

  /** What is wrong with {@code runner}, where {@code expected} is right. */
  Optional<String> failure(GraphRunner runner, List<Map<String, Tensor>> expected) {
    try (GraphRunner.Compiled compiled = runner.compile(graph)) {
      for (int run = 0; run < runs.size(); run++) {
        Map<String, Tensor> actual = compiled.run(runs.get(run));
        for (Map.Entry<String, Tensor> right : expected.get(run).entrySet()) {
          Tensor got = actual.get(right.getKey());
          Optional<String> difference =
              got == null
                  ? Optional.of("no such output came back")
                  : Difference.of(right.getValue(), got);
          if (difference.isPresent()) {
            return Optional.of("run " + run + ", " + right.getKey() + ": " + difference.get());
          }
        }
      }
      return Optional.empty();
    } catch (RuntimeException e) {
      return Optional.of(e.toString());
    }
  }

  /** The inputs that the graph reads or whose symbols it needs; the rest is dropped. */
  Trial withInputs(List<Value> inputs, Map<String, Value> outputs) {
    Graph part = Graph.of(graph.name(), inputs, outputs);
    List<Map<String, Tensor>> kept = new ArrayList<>();
    for (Map<String, Tensor> run : runs) {
      Map<String, Tensor> some = new LinkedHashMap<>();
      for (Value input : inputs) {
        String label = ((Parameter) input.node().op()).label();
        Tensor tensor = run.get(label);
        if (tensor != null) {
          some.put(label, tensor);
        }
      }
      kept.add(some);
    }
    return new Trial(part, kept);
  }
}
