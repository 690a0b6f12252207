package dev.bascule.plan.performance;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.Measurement;
import dev.bascule.plan.catalogue.Measurement.Conditions;
import dev.bascule.plan.catalogue.Measurement.Phase;
import java.util.ArrayList;
import java.util.List;

/**
 * A measured row as the fit sees it: the demand of each layout that it may stand for. Where the
 * source gives a time per token and no batch, the batch is their product with the measured rate
 * (Little's law).
 */
public final class Observation {
  private final Measurement measurement;
  private final Conditions conditions;
  private final Work work;
  private final String family;
  private final List<Way> ways;

  /** One layout: the demands of both phases, where the row has them. */
  private record Way(Demand prefill, Demand decode, double batch) {}

  private Observation(
      Measurement measurement, Conditions conditions, Work work, String family, List<Way> ways) {
    this.measurement = measurement;
    this.conditions = conditions;
    this.work = work;
    this.family = family;
    this.ways = List.copyOf(ways);
  }

  /** All rows of inference that can be used. */
  public static List<Observation> of(Catalogue catalogue, Sustained sustained) {
    List<Observation> observations = new ArrayList<>();
    for (Measurement measurement : catalogue.measurements()) {
      measurement
          .conditions()
          .filter(conditions -> conditions.phase() != Phase.TRAINING)
          .ifPresent(conditions ->
              observations.add(observation(catalogue, sustained, measurement, conditions)));
    }
    return observations;
  }

  private static Observation observation(
      Catalogue catalogue, Sustained sustained, Measurement measurement, Conditions conditions) {
    Chip chip = catalogue.chip(measurement.chip());
    Hardware hardware = Hardware.of(chip, sustained, Hardware.End.VALUE);
    Work work =
        new Work(
            catalogue.model(measurement.model()),
            Format.of(conditions.weights()),
            Format.of(conditions.cache()),
            Format.of(conditions.attention()),
            conditions.input(),
            conditions.output(),
            0,
            conditions.drafted(),
            conditions.accepted());
    List<Way> ways = new ArrayList<>();
    for (int[] ends : conditions.layouts()) {
      Layout layout = new Layout(ends[0], ends[1]);
      double batch = batch(conditions, hardware, work, layout);
      ways.add(
          new Way(
              Roofline.prefill(hardware, work, layout, Speed.CHUNK_TOKENS),
              Roofline.decode(hardware, work, layout, batch),
              batch));
    }
    return new Observation(measurement, conditions, work, chip.family(), ways);
  }

  private static double batch(Conditions conditions, Hardware hardware, Work work, Layout layout) {
    if (conditions.batch().isPresent()) {
      return conditions.batch().getAsDouble();
    }
    if (conditions.tpotMillis().isPresent()) {
      return conditions.value() * conditions.tpotMillis().getAsDouble() / 1000;
    }
    return Math.max(1, MemoryFit.of(hardware, work, layout).sequencesMax(layout));
  }

  public Measurement measurement() {
    return measurement;
  }

  public String family() {
    return family;
  }

  /** The system that a test leaves out: the kind of chip. */
  public String system() {
    return measurement.chip();
  }

  public Phase phase() {
    return conditions.phase();
  }

  public double measured() {
    return conditions.value();
  }

  /** The conditions of the row, for people. */
  public String conditionsText() {
    return conditions.weights()
        + ", "
        + conditions.input()
        + " in"
        + (conditions.output() > 0 ? " " + conditions.output() + " out" : "")
        + (conditions.batch().isPresent()
            ? ", batch " + Figure.digits(conditions.batch().getAsDouble())
            : "")
        + (conditions.tpotMillis().isPresent()
            ? ", " + Figure.digits(conditions.tpotMillis().getAsDouble()) + " ms/token"
            : "")
        + ", "
        + conditions.chips()
        + " chips";
  }

  /** Tokens per second and chip; of several layouts, those of the best. */
  public double predicted(Efficiency efficiency) {
    double best = 0;
    for (Way way : ways) {
      best = Math.max(best, rate(way, efficiency));
    }
    return best;
  }

  private double rate(Way way, Efficiency efficiency) {
    return switch (conditions.phase()) {
      case PREFILL -> prefillRate(way, efficiency);
      case DECODE -> decodeRate(way, efficiency);
      case SERVE ->
          efficiency.serving()
              / (Speed.promptSeconds(work, prefillRate(way, efficiency))
                  + 1 / decodeRate(way, efficiency));
      case TRAINING -> throw new AssertionError("training rows are not observations of inference");
    };
  }

  private double prefillRate(Way way, Efficiency efficiency) {
    return Speed.CHUNK_TOKENS / way.prefill().total(efficiency, Efficiency.Phase.PREFILL, family);
  }

  private double decodeRate(Way way, Efficiency efficiency) {
    return way.batch()
        * work.tokensPerStep()
        / way.decode().total(efficiency, Efficiency.Phase.DECODE, family);
  }
}
