package dev.bascule.conformance;

import dev.bascule.core.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a random graph; a failure is made small before it is told. */
final class GraphChecks {
  private GraphChecks() {}

  /** A random graph with its inputs and what the reference makes of them. */
  record Drawn(String name, Trial trial, List<Map<String, Tensor>> expected) {
    static Drawn of(Case example) {
      Trial trial = Trial.of(example);
      // a graph that the reference refuses is a fault of the generator
      return new Drawn(example.name(), trial, trial.expected().orElseThrow());
    }
  }

  /** What is wrong with {@code runner} for this graph, with the smallest graph that shows it. */
  static Optional<String> failure(GraphRunner runner, Drawn drawn) {
    Optional<String> failure = drawn.trial.failure(runner, drawn.expected);
    if (failure.isEmpty()) {
      return failure;
    }
    Trial small = Shrinking.shrink(drawn.trial, candidate -> candidate.failure(runner).isPresent());
    return Optional.of(
        drawn.name
            + ": "
            + failure.get()
            + "\nshrunk to inputs "
            + small.runs()
            + ": "
            + small.failure(runner).orElse("(does not fail again)")
            + "\n"
            + small.graph());
  }
}
