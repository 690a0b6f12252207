package dev.bascule.plan.performance;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Measurement;
import dev.bascule.plan.catalogue.Measurement.Phase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The fit and its test: every usable row predicted by the fit of all rows, and by a fit that has
 * not seen its kind of chip.
 *
 * @param unusable the rows that stay out, each with its reason
 */
public record Accuracy(Efficiency efficiency, List<Line> lines, List<Measurement> unusable) {

  /**
   * A measured row and its predictions, in tokens per second and chip.
   *
   * @param held by a fit without this kind of chip
   * @param strange by a fit without its family
   */
  public record Line(
      Measurement measurement,
      Phase phase,
      double measured,
      double fitted,
      double held,
      double strange) {
    public double fittedError() {
      return fitted / measured - 1;
    }

    public double heldError() {
      return held / measured - 1;
    }

    public double strangeError() {
      return strange / measured - 1;
    }
  }

  /** Median and worst |error| of the rows of one phase. */
  public record Summary(
      int rows,
      double fittedMedian,
      double fittedWorst,
      double heldMedian,
      double heldWorst,
      double strangeMedian,
      double strangeWorst) {}

  public Accuracy {
    lines = List.copyOf(lines);
    unusable = List.copyOf(unusable);
  }

  /** Fits and tests; about a second. */
  public static Accuracy of(Catalogue catalogue) {
    Sustained sustained = new Sustained(catalogue.chips());
    List<Observation> all = Observation.of(catalogue, sustained);
    List<TrainingSpeed.Row> training = TrainingSpeed.rows(catalogue, sustained);
    Efficiency fitted = Fit.of(all, TrainingSpeed.fit(training));
    Map<String, Efficiency> withoutChip = without(all, Observation::system);
    Map<String, Efficiency> withoutFamily = without(all, Observation::family);
    List<Line> lines = new ArrayList<>();
    for (Observation row : all) {
      lines.add(
          new Line(
              row.measurement(),
              row.phase(),
              row.measured(),
              row.predicted(fitted),
              row.predicted(withoutChip.getOrDefault(row.system(), fitted)),
              row.predicted(withoutFamily.getOrDefault(row.family(), fitted))));
    }
    for (TrainingSpeed.Row row : training) {
      double blind =
          TrainingSpeed.fit(
              training.stream().filter(r -> !r.system().equals(row.system())).toList());
      lines.add(
          new Line(
              row.measurement(),
              Phase.TRAINING,
              row.measured(),
              row.ideal() * fitted.training(),
              row.ideal() * blind,
              row.ideal() * blind));
    }
    List<Measurement> unusable =
        catalogue.measurements().stream().filter(m -> m.conditions().isEmpty()).toList();
    Map<String, Efficiency.Spread> spreads = spreads(lines);
    Efficiency complete = Efficiency.of(fitted.values(), fitted.families(), spreads);
    return new Accuracy(complete, lines, unusable);
  }

  /** For each group of rows, the fit of all others. */
  private static Map<String, Efficiency> without(
      List<Observation> all, Function<Observation, String> group) {
    Map<String, Efficiency> fits = new TreeMap<>();
    for (String name : new TreeSet<>(all.stream().map(group).toList())) {
      fits.put(
          name, Fit.of(all.stream().filter(row -> !group.apply(row).equals(name)).toList(), 1));
    }
    return fits;
  }

  private static Map<String, Efficiency.Spread> spreads(List<Line> lines) {
    Map<String, Efficiency.Spread> spreads = new TreeMap<>();
    for (Phase phase : Phase.values()) {
      List<Double> errors =
          lines.stream()
              .filter(line -> line.phase() == phase)
              .map(line -> Math.abs(Math.log(line.held() / line.measured())))
              .sorted()
              .toList();
      if (!errors.isEmpty()) {
        double wide = errors.get((int) Math.ceil(0.8 * errors.size()) - 1);
        spreads.put(
            phase.name().toLowerCase(Locale.ROOT),
            new Efficiency.Spread(Sustained.median(errors).orElseThrow(), wide, errors.size()));
      }
    }
    return spreads;
  }

  /** One summary for each phase, in the order of the phases. */
  public Map<Phase, Summary> summaries() {
    Map<Phase, Summary> summaries = new LinkedHashMap<>();
    for (Phase phase : Phase.values()) {
      List<Line> own = lines.stream().filter(line -> line.phase() == phase).toList();
      if (!own.isEmpty()) {
        List<Double> fitted = own.stream().map(line -> Math.abs(line.fittedError())).toList();
        List<Double> held = own.stream().map(line -> Math.abs(line.heldError())).toList();
        List<Double> strange = own.stream().map(line -> Math.abs(line.strangeError())).toList();
        summaries.put(
            phase,
            new Summary(
                own.size(),
                Sustained.median(fitted).orElseThrow(),
                Collections.max(fitted),
                Sustained.median(held).orElseThrow(),
                Collections.max(held),
                Sustained.median(strange).orElseThrow(),
                Collections.max(strange)));
      }
    }
    return summaries;
  }
}
