package dev.bascule.plan.catalogue;

import dev.bascule.plan.Figure;
import dev.bascule.plan.PlanException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An accelerator (or a CPU that may stand in for one) as its sources describe it. A figure that no
 * source gives is absent, and whoever needs it says so.
 *
 * @param origin the country of the vendor, which rules ask for
 * @param family chips of one family share fitted efficiencies
 * @param priceCoversServer the price is the chip's share of a whole server or system
 * @param assumed columns whose figures rest on general knowledge or on a neighbour
 */
public record Chip(
    String name,
    List<String> aliases,
    String vendor,
    String origin,
    boolean isCpu,
    String family,
    Optional<Integer> launchYear,
    Map<Quantity, Figure> figures,
    String link,
    boolean forDataCentres,
    boolean priceCoversServer,
    Set<String> assumed,
    String exportNote,
    String disagreements,
    Origin row) {
  public Chip {
    aliases = List.copyOf(aliases);
    figures = Map.copyOf(figures);
    assumed = Set.copyOf(assumed);
  }

  static final Set<String> REQUIRED =
      Set.of("chip", "vendor", "origin", "kind", "family", "source", "date", "confidence");

  static Set<String> columns() {
    Set<String> columns = new java.util.HashSet<>(REQUIRED);
    columns.addAll(
        List.of(
            "aliases",
            "launch_year",
            "link",
            "datacenter",
            "assumed",
            "export_note",
            "disagreements",
            "price_covers"));
    for (Quantity quantity : Quantity.values()) {
      columns.add(quantity.column());
    }
    return columns;
  }

  static Chip of(Table.Row row) {
    Map<Quantity, Figure> figures = new EnumMap<>(Quantity.class);
    for (Quantity quantity : Quantity.values()) {
      row.figure(quantity.column())
          .ifPresent(figure -> {
            if (figure.low() <= 0) {
              throw row.wrong(
                  quantity.column(),
                  "a number above 0",
                  figure.text(),
                  "leave the field empty where the figure is not known");
            }
            figures.put(quantity, figure);
          });
    }
    return new Chip(
        row.need("chip"),
        row.list("aliases"),
        row.need("vendor"),
        row.need("origin"),
        row.choice("kind", Map.of("accelerator", false, "cpu", true)),
        row.need("family"),
        row.figure("launch_year").map(year -> (int) year.value()),
        figures,
        row.text("link").orElse(""),
        row.text("datacenter").isEmpty()
            || row.choice("datacenter", Map.of("yes", true, "no", false)),
        row.text("price_covers").isPresent()
            && row.choice("price_covers", Map.of("chip", false, "server", true)),
        Set.copyOf(row.list("assumed")),
        row.text("export_note").orElse(""),
        row.text("disagreements").orElse(""),
        row.origin());
  }

  public Optional<Figure> figure(Quantity quantity) {
    return Optional.ofNullable(figures.get(quantity));
  }

  public boolean has(Quantity... wanted) {
    return List.of(wanted).stream().allMatch(figures::containsKey);
  }

  /** A figure without which there is no answer. */
  public Figure need(Quantity quantity, String purpose) {
    return figure(quantity)
        .orElseThrow(() ->
            new PlanException(
                row.place()
                    + ": "
                    + name
                    + " has no "
                    + quantity.column()
                    + " ("
                    + quantity.unit()
                    + "), which "
                    + purpose
                    + " needs; no source gives it: add a row for this chip in your own chips.csv and name its"
                    + " folder with --data"));
  }

  /**
   * Total processing performance as 3A090 counts it: operations per second (in 1e12) times the bits
   * of an operand, the largest over the formats, dense.
   */
  public Optional<Figure> totalProcessingPerformance() {
    return List.of(
            bits(Quantity.BF16_TFLOPS, 16),
            bits(Quantity.FP8_TFLOPS, 8),
            bits(Quantity.INT8_TOPS, 8),
            bits(Quantity.FP4_TFLOPS, 4))
        .stream()
        .flatMap(Optional::stream)
        .reduce((a, b) -> a.value() >= b.value() ? a : b);
  }

  private Optional<Figure> bits(Quantity quantity, int bits) {
    return figure(quantity).map(figure -> figure.times(bits));
  }

  /** Total processing performance for each mm2 of logic die. */
  public Optional<Figure> performanceDensity() {
    return totalProcessingPerformance()
        .flatMap(tpp -> figure(Quantity.DIE_AREA_MM2).map(tpp::over));
  }

  /** This chip with compute cut by {@code share} (0.3: 30 % less), and its name saying so. */
  public Chip derated(double share) {
    if (!(share >= 0 && share < 1)) {
      throw new PlanException(
          "--derate: expected a share from 0 to below 1, got " + share + "; 0.3 cuts 30 %");
    }
    if (share == 0) {
      return this;
    }
    Map<Quantity, Figure> cut = new EnumMap<>(figures);
    for (Quantity quantity :
        List.of(
            Quantity.BF16_TFLOPS,
            Quantity.FP8_TFLOPS,
            Quantity.INT8_TOPS,
            Quantity.FP4_TFLOPS,
            Quantity.BF16_MATMUL_TFLOPS,
            Quantity.FP8_MATMUL_TFLOPS)) {
      cut.computeIfPresent(quantity, (q, figure) -> figure.times(1 - share));
    }
    return new Chip(
        name + " cut by " + Figure.digits(share * 100) + " %",
        List.of(),
        vendor,
        origin,
        isCpu,
        family,
        launchYear,
        cut,
        link,
        forDataCentres,
        priceCoversServer,
        assumed,
        exportNote,
        disagreements,
        row);
  }
}
