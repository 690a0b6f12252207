package dev.bascule.certify;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Two runs of a trace, label by label, and the distance of each from f64. */
final class OpComparison {
  private final Trace trace;
  private final Map<String, Difference.Sum> between = new LinkedHashMap<>();
  private final Map<String, Difference> firstErrors = new HashMap<>();
  private final Map<String, Difference> secondErrors = new HashMap<>();
  private final Map<String, String> labels = new HashMap<>();

  /**
   * @param outputs what the outputs of the certified graph are called in {@code trace}
   */
  OpComparison(Trace trace, Map<String, Value> outputs) {
    this.trace = trace;
    trace.steps().forEach(step -> between.put(step.label(), new Difference.Sum()));
    Map<Value, String> traced = new HashMap<>();
    trace.graph().outputs().forEach((label, value) -> traced.put(value, label));
    outputs.forEach((name, value) -> labels.put(name, traced.getOrDefault(value, name)));
  }

  /** The label of an output of the certified graph. */
  String labelOf(String output) {
    return labels.getOrDefault(output, output);
  }

  /** One run's values; what the second model lacks is not compared. */
  void add(Map<String, Tensor> first, Map<String, Tensor> second) {
    between.forEach((label, sum) -> {
      Tensor ours = first.get(label);
      Tensor theirs = second.get(label);
      if (ours != null && theirs != null) {
        sum.add(ours, theirs);
      }
    });
  }

  void addTruth(Map<String, Tensor> first, Map<String, Tensor> second, Map<String, Tensor> truth) {
    truth.forEach((label, expected) -> {
      Tensor ours = first.get(label);
      Tensor theirs = second.get(label);
      if (ours != null && theirs != null && expected.dtype().isFloat()) {
        firstErrors.put(label, Difference.of(expected, ours));
        secondErrors.put(label, Difference.of(expected, theirs));
      }
    });
  }

  /** The states at the end, by their labels; what the second model lacks is not compared. */
  void addStates(
      Function<String, Optional<Tensor>> first, Function<String, Optional<Tensor>> second) {
    for (Trace.Step step : trace.steps()) {
      if (step.source() instanceof Trace.Source.Stored) {
        Difference.Sum sum = between.getOrDefault(step.label(), new Difference.Sum());
        first
            .apply(step.label())
            .ifPresent(
                ours -> second.apply(step.label()).ifPresent(theirs -> sum.add(ours, theirs)));
      }
    }
  }

  Optional<Difference> firstError(String label) {
    return Optional.ofNullable(firstErrors.get(label));
  }

  Optional<Difference> secondError(String label) {
    return Optional.ofNullable(secondErrors.get(label));
  }

  List<OpFigures> figures() {
    List<OpFigures> figures = new ArrayList<>();
    for (Trace.Step step : trace.steps()) {
      Difference.Sum sum = between.getOrDefault(step.label(), new Difference.Sum());
      figures.add(
          new OpFigures(
              step.label(),
              step.op(),
              step.reads(),
              sum.difference(),
              relative(firstError(step.label())),
              relative(secondError(step.label()))));
    }
    return figures;
  }

  private static OptionalDouble relative(Optional<Difference> difference) {
    return difference.isPresent()
        ? OptionalDouble.of(difference.get().relative())
        : OptionalDouble.empty();
  }
}
