package dev.bascule.conformance;

import java.util.Optional;

/** Runs a random graph; a failure is made small before it is told. */
final class GraphChecks {
  private GraphChecks() {}

  /** What is wrong with {@code runner} for this graph, with the smallest graph that shows it. */
  static Optional<String> failure(GraphRunner runner, Case example) {
    Trial trial = Trial.of(example);
    Optional<String> failure = trial.failure(runner);
    if (failure.isEmpty()) {
      return failure;
    }
    Trial small = Shrinking.shrink(trial, candidate -> candidate.failure(runner).isPresent());
    return Optional.of(
        example.name()
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
