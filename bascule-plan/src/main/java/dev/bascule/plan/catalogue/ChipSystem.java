package dev.bascule.plan.catalogue;

import dev.bascule.plan.Figure;
import java.util.Optional;
import java.util.Set;

/** A machine that is bought whole: so many chips on one fast link. */
public record ChipSystem(
    String name,
    String chip,
    int chips,
    Optional<Figure> powerWatts,
    Optional<Figure> priceUsd,
    String disagreements,
    Origin row) {
  static final Set<String> REQUIRED =
      Set.of("system", "chip", "chips", "source", "date", "confidence");
  static final Set<String> COLUMNS =
      Set.of(
          "system",
          "chip",
          "chips",
          "power_w",
          "price_usd",
          "memory_gb",
          "source",
          "date",
          "confidence",
          "disagreements");

  static ChipSystem of(Table.Row row) {
    return new ChipSystem(
        row.need("system"),
        row.need("chip"),
        (int) row.number("chips"),
        row.figure("power_w"),
        row.figure("price_usd"),
        row.text("disagreements").orElse(""),
        row.origin());
  }
}
