package dev.bascule.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * One thing that must hold.
 *
 * @param failures what does not, each with all that is needed to see it again; empty where it holds
 */
public record Check(String name, Supplier<List<String>> failures) {
  /** A check whose failures are exceptions: an AssertionError or a RuntimeException. */
  static Check that(String name, Runnable body) {
    return new Check(
        name,
        () -> {
          try {
            body.run();
            return List.of();
          } catch (Unmet | RuntimeException e) {
            return List.of(name + ": " + e);
          }
        });
  }

  /** Ends the check that runs, unless {@code holds}. */
  static void require(boolean holds, String message) {
    if (!holds) {
      throw new Unmet(message);
    }
  }

  /** A requirement that did not hold. */
  static final class Unmet extends AssertionError {
    private static final long serialVersionUID = 1L;

    Unmet(String message) {
      super(message);
    }
  }

  /** Runs this check; an exception is a failure too. */
  List<String> run() {
    List<String> failed = new ArrayList<>();
    try {
      failed.addAll(failures.get());
    } catch (RuntimeException e) {
      failed.add(name + ": " + e);
    }
    return failed;
  }
}
