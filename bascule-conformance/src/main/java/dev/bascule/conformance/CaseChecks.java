package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a case and compares every output of every run with the reference. */
final class CaseChecks {
  private CaseChecks() {}

  /**
   * What is wrong with {@code runner} for this case, an entry for each output in which it is. When
   * the case as a whole cannot be run, each output is tried alone, so that one op does not hide the
   * others.
   */
  static List<String> failures(GraphRunner runner, Case example, References references) {
    try {
      return compare(runner, example, example, references);
    } catch (RuntimeException whole) {
      if (example.graph().outputs().size() == 1) {
        return List.of(failed(example, whole));
      }
      List<String> failures = new ArrayList<>();
      for (String output : example.graph().outputs().keySet()) {
        try {
          failures.addAll(compare(runner, example.only(output), example, references));
        } catch (RuntimeException alone) {
          failures.add(failed(example, output, alone));
        }
      }
      return failures.isEmpty() ? List.of(failed(example, whole)) : failures;
    }
  }

  private static String failed(Case example, RuntimeException e) {
    return failed(example, String.join(", ", example.graph().outputs().keySet()), e);
  }

  private static String failed(Case example, String output, RuntimeException e) {
    StackTraceElement[] trace = e.getStackTrace();
    String where = trace.length == 0 ? "" : " at " + trace[0];
    return heading(example, output, example.dtype()) + e + where;
  }

  private static String heading(Case example, String output, DType dtype) {
    return example.name() + ": " + output + " " + dtype + ": ";
  }

  private static List<String> compare(
      GraphRunner runner, Case part, Case whole, References references) {
    List<String> failures = new ArrayList<>();
    try (GraphRunner.Compiled compiled = runner.compile(part.graph())) {
      for (int run = 0; run < part.runs().size(); run++) {
        Map<String, Tensor> expected = references.outputs(whole, run);
        Map<String, Tensor> actual = compiled.run(part.inputs(run));
        for (String output : part.graph().outputs().keySet()) {
          failures.addAll(difference(part, run, output, expected, actual));
        }
      }
    }
    return failures;
  }

  private static List<String> difference(
      Case example,
      int run,
      String output,
      Map<String, Tensor> expected,
      Map<String, Tensor> actual) {
    Tensor right = expected.get(output);
    Tensor got = actual.get(output);
    if (right == null || got == null) {
      return List.of(heading(example, output, example.dtype()) + "no such output came back");
    }
    return Difference.of(right, got)
        .map(difference ->
            heading(example, output, right.dtype())
                + difference
                + " with "
                + example.runs().get(run).values()
                + ", seed "
                + example.seed(run))
        .stream()
        .toList();
  }
}
