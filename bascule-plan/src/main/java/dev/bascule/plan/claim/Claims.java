package dev.bascule.plan.claim;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.Measurement;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.catalogue.Quantity;
import dev.bascule.plan.claim.Claim.Answer;
import dev.bascule.plan.claim.Claim.Verdict;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Cost;
import dev.bascule.plan.placement.Search;
import dev.bascule.plan.placement.Targets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiFunction;

/** Answers claims. */
public final class Claims {
  /** A claim about a share is met within a tenth of it: data sheets are no better. */
  private static final double TOLERANCE = 0.1;

  /**
   * What "inference" is tried on where the claim names no model: large and small, dense and not.
   */
  private static final List<String> MODELS =
      List.of("DeepSeek-R1", "Qwen3-235B-A22B", "Llama-3.1-70B", "Qwen3-8B");

  private final Catalogue catalogue;
  private final Search search;

  public Claims(Catalogue catalogue, Speed speed) {
    this.catalogue = catalogue;
    Targets targets = new Targets(0.1, OptionalDouble.empty(), OptionalDouble.empty(), 128);
    this.search = new Search(catalogue, speed, Cost.usual(), targets);
  }

  public Answer answer(Claim claim) {
    return switch (claim) {
      case Claim.Ratio ratio -> ratio(ratio);
      case Claim.Match match -> match(match);
      case Claim.Peak peak -> peak(peak);
    };
  }

  /** Two chips compared: what the sheets, the model and the measurements say. */
  private final class Comparison {
    private final Chip chip;
    private final Chip other;
    private final List<String> roofline = new ArrayList<>();
    private final List<String> measured = new ArrayList<>();
    private final List<Double> predicted = new ArrayList<>();
    private final List<Double> seen = new ArrayList<>();
    private final Set<String> rows = new LinkedHashSet<>();

    private Comparison(Chip chip, Chip other) {
      this.chip = chip;
      this.other = other;
      rows.add(chip.name() + ": " + chip.row().place());
      rows.add(other.name() + ": " + other.row().place());
      sheet("BF16", chip.figure(Quantity.BF16_TFLOPS), other.figure(Quantity.BF16_TFLOPS));
      sheet("8-bit", eightBit(chip), eightBit(other));
      sheet("memory rate", chip.figure(Quantity.MEMORY_GBPS), other.figure(Quantity.MEMORY_GBPS));
      sheet("memory", chip.figure(Quantity.MEMORY_GB), other.figure(Quantity.MEMORY_GB));
    }

    private static Optional<Figure> eightBit(Chip chip) {
      return chip.figure(Quantity.FP8_TFLOPS).or(() -> chip.figure(Quantity.INT8_TOPS));
    }

    private void sheet(String what, Optional<Figure> own, Optional<Figure> its) {
      if (own.isPresent() && its.isPresent()) {
        roofline.add(
            what
                + ": "
                + percent(own.get().over(its.get()))
                + " ("
                + own.get()
                + " against "
                + its.get()
                + ")");
      } else {
        roofline.add(what + ": not comparable, a figure is missing");
      }
    }

    private void model(ModelShape model) {
      Work work = new Work(model, Format.BF16, 2048, 1024);
      rate(model, "prompts", work, (c, w) -> search.prompts(c, w).map(Search.Half::rate));
      rate(model, "answers", work, (c, w) -> search.answers(c, w).map(Search.Half::rate));
      rows.add(model.name() + ": " + model.row().place());
    }

    private void rate(
        ModelShape model, String what, Work work, BiFunction<Chip, Work, Optional<Figure>> rate) {
      Optional<Figure> own = rate.apply(chip, Search.suited(work, chip, Optional.empty()));
      Optional<Figure> its = rate.apply(other, Search.suited(work, other, Optional.empty()));
      if (own.isPresent() && its.isPresent()) {
        double share = own.get().value() / its.get().value();
        predicted.add(share);
        roofline.add(
            model.name()
                + ", "
                + what
                + ": "
                + percent(share)
                + " (predicted "
                + Figure.digits(own.get().value())
                + " against "
                + Figure.digits(its.get().value())
                + " tok/s/chip)");
      } else {
        roofline.add(model.name() + ", " + what + ": does not fit or is too slow on one of them");
      }
    }

    /** Rows of one model and phase on both; conditions differ, and are told. */
    private void measurements(Optional<String> model) {
      for (Measurement own : catalogue.measurements()) {
        if (isOf(own, chip, model)) {
          for (Measurement its : catalogue.measurements()) {
            if (isOf(its, other, Optional.of(own.model())) && comparable(own, its)) {
              pair(own, its);
            }
          }
        }
      }
      if (measured.isEmpty()) {
        measured.add(
            "no row of both chips on one model and phase under like conditions: nobody in the catalogue measured it");
      }
    }

    private void pair(Measurement own, Measurement its) {
      double a = own.conditions().orElseThrow().value();
      double b = its.conditions().orElseThrow().value();
      seen.add(a / b);
      measured.add(
          own.model()
              + " "
              + phase(own)
              + ": "
              + percent(a / b)
              + " ("
              + Figure.digits(a)
              + " in row "
              + own.id()
              + " against "
              + Figure.digits(b)
              + " in row "
              + its.id()
              + "; "
              + conditions(own)
              + " against "
              + conditions(its)
              + ")");
      rows.add("row " + own.id() + ": " + own.row().place() + ", " + own.row().source());
      rows.add("row " + its.id() + ": " + its.row().place() + ", " + its.row().source());
    }
  }

  private static String phase(Measurement measurement) {
    return measurement.conditions().orElseThrow().phase().name().toLowerCase(Locale.ROOT);
  }

  private static String conditions(Measurement measurement) {
    Measurement.Conditions c = measurement.conditions().orElseThrow();
    return c.weights()
        + ", "
        + c.input()
        + " in"
        + (c.output() > 0 ? " " + c.output() + " out" : "")
        + (c.batch().isPresent() ? ", batch " + Figure.digits(c.batch().getAsDouble()) : "")
        + (c.drafted() > 0 ? ", with drafts" : "");
  }

  private static boolean isOf(Measurement measurement, Chip chip, Optional<String> model) {
    return measurement.conditions().isPresent()
        && measurement.chip().equals(chip.name())
        && model.map(measurement.model()::equals).orElse(true);
  }

  /** The same phase, prompts of like length, and batches within a factor of three. */
  private static boolean comparable(Measurement own, Measurement its) {
    Measurement.Conditions a = own.conditions().orElseThrow();
    Measurement.Conditions b = its.conditions().orElseThrow();
    boolean batches =
        a.batch().isEmpty()
            || b.batch().isEmpty()
            || isNear(a.batch().getAsDouble(), b.batch().getAsDouble(), 3);
    return a.phase() == b.phase()
        && batches
        && isNear(Math.max(1, a.input()), Math.max(1, b.input()), 2.1);
  }

  private static boolean isNear(double a, double b, double factor) {
    return a < b * factor && b < a * factor;
  }

  private Answer ratio(Claim.Ratio claim) {
    Comparison comparison =
        new Comparison(catalogue.chip(claim.chip()), catalogue.chip(claim.other()));
    Optional<String> model = claim.model().map(name -> catalogue.model(name).name());
    for (String name : model.map(List::of).orElse(MODELS)) {
      comparison.model(catalogue.model(name));
    }
    comparison.measurements(model);
    List<String> conditions = new ArrayList<>();
    Verdict verdict = judge(claim.share(), comparison, conditions);
    return new Answer(
        claim,
        verdict,
        comparison.roofline,
        comparison.measured,
        conditions,
        List.copyOf(comparison.rows));
  }

  /** Where the share lies among what was seen and predicted. */
  private static Verdict judge(double share, Comparison comparison, List<String> conditions) {
    List<Double> all = new ArrayList<>(comparison.seen);
    all.addAll(comparison.predicted);
    if (all.isEmpty()) {
      conditions.add("Nothing to hold it against.");
      return Verdict.DOES_NOT_HOLD;
    }
    double low = all.stream().min(Double::compare).orElseThrow();
    double high = all.stream().max(Double::compare).orElseThrow();
    String range =
        "measured " + span(comparison.seen) + ", predicted " + span(comparison.predicted);
    if (low >= share * (1 - TOLERANCE) && high <= share * (1 + TOLERANCE)) {
      conditions.add("True in all that was seen and predicted: " + range + ".");
      return Verdict.HOLDS;
    }
    if (low > share * (1 + TOLERANCE)) {
      conditions.add("Too low: all that was seen and predicted is above, " + range + ".");
      return Verdict.DOES_NOT_HOLD;
    }
    if (high < share * (1 - TOLERANCE)) {
      conditions.add("Too high: all that was seen and predicted is below, " + range + ".");
      return Verdict.DOES_NOT_HOLD;
    }
    conditions.add(
        "It depends on model, phase and batch: "
            + range
            + "; the lines near "
            + percent(share)
            + " say where it is true.");
    return Verdict.DEPENDS;
  }

  private static String span(List<Double> shares) {
    return shares.isEmpty()
        ? "nowhere"
        : percent(shares.stream().min(Double::compare).orElseThrow())
            + " to "
            + percent(shares.stream().max(Double::compare).orElseThrow());
  }

  private Answer match(Claim.Match claim) {
    Chip chip = catalogue.chip(claim.chip());
    Chip other = catalogue.chip(claim.other());
    Comparison comparison = new Comparison(chip, other);
    for (String name : MODELS) {
      comparison.model(catalogue.model(name));
    }
    comparison.measurements(Optional.empty());
    List<String> conditions = new ArrayList<>();
    Verdict speed = judge(1, comparison, conditions);
    Optional<Figure> own = chip.figure(Quantity.PRICE_USD);
    Optional<Figure> its = other.figure(Quantity.PRICE_USD);
    Verdict price = Verdict.DOES_NOT_HOLD;
    if (own.isPresent() && its.isPresent()) {
      Figure ratio = own.get().over(its.get());
      boolean within =
          ratio.low() <= 1 - claim.cheaperBy() * (1 - TOLERANCE)
              && ratio.high() >= 1 - claim.cheaperBy();
      price = within ? Verdict.DEPENDS : Verdict.DOES_NOT_HOLD;
      conditions.add(
          "Price: "
              + own.get()
              + " against "
              + its.get()
              + " USD, "
              + percent(ratio)
              + "; the claim needs "
              + percent(1 - claim.cheaperBy())
              + ", so a price of at most "
              + Figure.digits(its.get().value() * (1 - claim.cheaperBy()))
              + " USD.");
    } else {
      conditions.add("Price: no source gives the price of one of them.");
    }
    Verdict verdict = price.compareTo(speed) > 0 ? price : speed;
    return new Answer(
        claim,
        verdict,
        comparison.roofline,
        comparison.measured,
        conditions,
        List.copyOf(comparison.rows));
  }

  /** Every chip whose name begins so is meant: "910B" is five of them. */
  private Answer peak(Claim.Peak claim) {
    Chip named = catalogue.chip(claim.chip());
    String stem = claim.chip().toLowerCase(Locale.ROOT);
    List<Chip> meant =
        catalogue.chips().stream()
            .filter(chip ->
                chip.equals(named)
                    || chip.vendor().equals(named.vendor())
                        && chip.name()
                            .toLowerCase(Locale.ROOT)
                            .replace("ascend ", "")
                            .startsWith(stem))
            .toList();
    List<String> roofline = new ArrayList<>();
    List<String> measured = new ArrayList<>();
    List<String> conditions = new ArrayList<>();
    List<String> rows = new ArrayList<>();
    boolean any = false;
    for (Chip chip : meant) {
      Optional<Figure> peak = chip.figure(Quantity.BF16_TFLOPS);
      boolean fits =
          peak.map(p -> claim.tflops() >= p.low() * 0.99 && claim.tflops() <= p.high() * 1.01)
              .orElse(false);
      any |= fits;
      roofline.add(
          chip.name()
              + ": "
              + peak.map(Figure::text).orElse("no figure")
              + " TFLOPS BF16 dense, "
              + (fits ? "which " : "so not ")
              + Figure.digits(claim.tflops()));
      chip.figure(Quantity.BF16_MATMUL_TFLOPS)
          .ifPresent(matmul ->
              measured.add(chip.name() + ": a matrix product reached " + matmul + " TFLOPS"));
      if (!chip.disagreements().isEmpty()) {
        conditions.add(chip.name() + ": " + chip.disagreements());
      }
      rows.add(chip.name() + ": " + chip.row().place() + ", " + chip.row().source());
    }
    for (Measurement measurement : catalogue.measurements()) {
      if (measurement.model().startsWith("matmul") && measurement.chip().contains(claim.chip())) {
        measured.add(
            measurement.chip() + ": " + measurement.quoted() + " (row " + measurement.id() + ")");
        rows.add("row " + measurement.id() + ": " + measurement.row().place());
      }
    }
    return new Answer(
        claim, any ? Verdict.HOLDS : Verdict.DOES_NOT_HOLD, roofline, measured, conditions, rows);
  }

  private static String percent(double share) {
    return Figure.digits(Math.rint(share * 100)) + " %";
  }

  private static String percent(Figure share) {
    return percent(share.value())
        + (share.isRange()
            ? " (" + percent(share.low()) + " to " + percent(share.high()) + ")"
            : "");
  }
}
