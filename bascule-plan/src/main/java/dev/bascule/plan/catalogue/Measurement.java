package dev.bascule.plan.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * A published measurement: what the source says, and the conditions in the planner's words where
 * the row can be used.
 *
 * @param why why it cannot be used; or what had to be assumed to use it
 * @param quoted the conditions as the source gives them
 */
public record Measurement(
    String id,
    String model,
    String chip,
    String engine,
    Optional<Conditions> conditions,
    String why,
    String status,
    String quoted,
    String notes,
    Origin row) {

  /** What was measured: one phase alone, both by turns on the same chips, or a training step. */
  public enum Phase {
    PREFILL,
    DECODE,
    SERVE,
    TRAINING
  }

  /**
   * The conditions of a measurement.
   *
   * @param layouts tensor x expert parallelism; several where the source took the best
   * @param batch sequences for each chip; absent: what memory holds, or what {@code tpotMillis}
   *     says
   * @param drafted tokens guessed ahead in each step, and the share of them that is accepted
   * @param value tokens per second and chip
   */
  public record Conditions(
      Phase phase,
      int chips,
      String weights,
      String cache,
      String attention,
      List<int[]> layouts,
      OptionalDouble batch,
      OptionalDouble tpotMillis,
      int input,
      int output,
      int drafted,
      double accepted,
      double value) {
    public Conditions {
      layouts = layouts.stream().map(int[]::clone).toList();
    }
  }

  static final Set<String> REQUIRED =
      Set.of("id", "model", "chip", "use", "status", "source", "date", "confidence");
  static final Set<String> COLUMNS =
      Set.of(
          "id",
          "model",
          "chip",
          "chips",
          "engine",
          "phase",
          "weights",
          "kv",
          "attention",
          "layouts",
          "batch",
          "tpot_ms",
          "input",
          "output",
          "draft",
          "accept",
          "value",
          "unit",
          "use",
          "why",
          "status",
          "source",
          "date",
          "confidence",
          "quoted",
          "notes");

  static Measurement of(Table.Row row) {
    boolean usable = row.choice("use", Map.of("fit", true, "no", false));
    String why = row.text("why").orElse("");
    if (!usable && why.isEmpty()) {
      throw row.wrong("why", "the reason why the row is not used", "nothing", "say it");
    }
    return new Measurement(
        row.need("id"),
        row.need("model"),
        row.need("chip"),
        row.text("engine").orElse(""),
        usable ? Optional.of(conditions(row)) : Optional.empty(),
        why,
        row.need("status"),
        row.text("quoted").orElse(""),
        row.text("notes").orElse(""),
        row.origin());
  }

  private static Conditions conditions(Table.Row row) {
    Phase phase =
        row.choice(
            "phase",
            Map.of(
                "prefill", Phase.PREFILL,
                "decode", Phase.DECODE,
                "serve", Phase.SERVE,
                "training", Phase.TRAINING));
    return new Conditions(
        phase,
        (int) row.number("chips"),
        row.need("weights"),
        row.text("kv").orElse("bf16"),
        row.text("attention").orElse("bf16"),
        layouts(row),
        optional(row, "batch"),
        optional(row, "tpot_ms"),
        (int) optional(row, "input").orElse(0),
        (int) optional(row, "output").orElse(0),
        (int) optional(row, "draft").orElse(0),
        optional(row, "accept").orElse(0),
        row.number("value"));
  }

  private static OptionalDouble optional(Table.Row row, String column) {
    return row.figure(column)
        .map(figure -> OptionalDouble.of(figure.value()))
        .orElse(OptionalDouble.empty());
  }

  private static List<int[]> layouts(Table.Row row) {
    List<int[]> layouts = new ArrayList<>();
    for (String text : row.list("layouts")) {
      String[] ends = text.split(":", -1);
      try {
        layouts.add(new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[1])});
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw row.wrong("layouts", "TENSOR:EXPERT such as 1:32", "'" + text + "'", "correct it");
      }
    }
    return layouts;
  }
}
