package dev.bascule.plan.policy;

import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Origin;
import dev.bascule.plan.catalogue.Table;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One rule as it is written down.
 *
 * @param when a CEL expression over {@link Subject}'s variables; empty for a note
 * @param until the last day on which it holds
 * @param basis rule, guidance, press report, own and so on: how much weight it has
 * @param overrides ids of rules that do not count where this one strikes
 */
public record Rule(
    String id,
    Effect effect,
    String when,
    Optional<LocalDate> from,
    Optional<LocalDate> until,
    String jurisdiction,
    String basis,
    boolean on,
    List<String> overrides,
    String title,
    String detail,
    String status,
    Origin row) {
  static final Set<String> REQUIRED = Set.of("id", "effect", "when", "source");
  static final Set<String> COLUMNS =
      Set.of(
          "id",
          "effect",
          "when",
          "from",
          "until",
          "jurisdiction",
          "basis",
          "default",
          "overrides",
          "title",
          "detail",
          "status",
          "source",
          "date",
          "confidence");

  public Rule {
    overrides = List.copyOf(overrides);
  }

  static Rule of(Table.Row row) {
    Map<String, Effect> effects = new LinkedHashMap<>();
    for (Effect effect : Effect.values()) {
      effects.put(effect.text(), effect);
    }
    Effect effect = row.choice("effect", effects);
    String when = effect == Effect.NOTE ? "" : row.need("when");
    Optional<LocalDate> from = date(row, "from");
    Optional<LocalDate> until = date(row, "until");
    if (from.isPresent() && until.isPresent() && until.get().isBefore(from.get())) {
      throw row.wrong(
          "until", "a day from " + from.get() + " on", until.get().toString(), "correct it");
    }
    return new Rule(
        row.need("id"),
        effect,
        when,
        from,
        until,
        row.text("jurisdiction").orElse("own"),
        row.text("basis").orElse("own"),
        row.text("default").isEmpty() || row.choice("default", Map.of("on", true, "off", false)),
        row.list("overrides"),
        row.text("title").orElse(row.need("id")),
        row.text("detail").orElse(""),
        row.text("status").orElse(""),
        new Origin(
            row.file(),
            row.line(),
            row.need("source"),
            row.text("date").orElse(""),
            row.text("confidence").orElse("A")));
  }

  private static Optional<LocalDate> date(Table.Row row, String column) {
    return row.text(column)
        .map(text -> {
          try {
            return LocalDate.parse(text);
          } catch (DateTimeParseException e) {
            throw row.wrong(
                column, "a day such as 2026-01-15", PlanException.quote(text), "correct it");
          }
        });
  }

  public boolean isInForce(LocalDate date) {
    return from.map(day -> !date.isBefore(day)).orElse(true)
        && until.map(day -> !date.isAfter(day)).orElse(true);
  }

  public boolean isPress() {
    return basis.equals("press report");
  }

  Rule switched(boolean to) {
    return new Rule(
        id,
        effect,
        when,
        from,
        until,
        jurisdiction,
        basis,
        to,
        overrides,
        title,
        detail,
        status,
        row);
  }

  /** {@code rules.csv line 3 (88 FR 73458)}. */
  public String place() {
    return row.place();
  }
}
