package dev.bascule.cli;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ChipSystem;
import dev.bascule.plan.catalogue.Quantity;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bascule plan chips}: the catalogue of chips and systems. */
@Command(
    name = "chips",
    description = "Lists chips and systems; with names, every figure and its source.",
    sortOptions = false)
final class PlanChipsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "CHIP", arity = "0..*", description = "chips to show whole")
  private List<String> names = new ArrayList<>();

  @Mixin private PlanFacts facts = new PlanFacts();

  private final Main main;
  private final Console console;

  PlanChipsCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    List<Chip> chips = facts.chips(catalogue, names);
    if (main.json()) {
      console
          .out()
          .println(
              JsonText.of(
                  Map.of(
                      "chips",
                      chips.stream().map(PlanChipsCommand::json).toList(),
                      "systems",
                      systems(catalogue).objects())));
    } else if (names.isEmpty()) {
      console.out().print(table(chips).text());
      console.out().println();
      console.out().print(systems(catalogue).text());
      console.out().println("\n-: no source gives it. Ranges and sources: bascule plan chips NAME");
    } else {
      chips.forEach(this::show);
    }
    return ExitCodes.DONE;
  }

  private static Grid table(List<Chip> chips) {
    Grid grid =
        new Grid(
            "chip",
            "vendor",
            "BF16 TF",
            "FP8 TF",
            "INT8 TOPS",
            "FP4 TF",
            "GB",
            "GB/s",
            "link GB/s",
            "W",
            "USD",
            "TPP",
            "PD",
            "conf.");
    for (Chip chip : chips) {
      grid.row(
          chip.name(),
          chip.vendor(),
          value(chip.figure(Quantity.BF16_TFLOPS)),
          value(chip.figure(Quantity.FP8_TFLOPS)),
          value(chip.figure(Quantity.INT8_TOPS)),
          value(chip.figure(Quantity.FP4_TFLOPS)),
          value(chip.figure(Quantity.MEMORY_GB)),
          value(chip.figure(Quantity.MEMORY_GBPS)),
          value(chip.figure(Quantity.LINK_GBPS)),
          value(chip.figure(Quantity.TDP_W)),
          value(chip.figure(Quantity.PRICE_USD)),
          value(chip.totalProcessingPerformance()),
          value(chip.performanceDensity()),
          chip.row().confidence());
    }
    return grid;
  }

  private static String value(Optional<Figure> figure) {
    return figure.map(f -> Figure.digits(f.value())).orElse("-");
  }

  private static Grid systems(Catalogue catalogue) {
    Grid grid = new Grid("system", "chip", "chips", "W", "USD", "source");
    for (ChipSystem system : catalogue.systems()) {
      grid.row(
          system.name(),
          system.chip(),
          system.chips(),
          system.powerWatts().map(Figure::text).orElse("-"),
          system.priceUsd().map(Figure::text).orElse("-"),
          system.row().place());
    }
    return grid;
  }

  private static Map<String, Object> json(Chip chip) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("chip", chip.name());
    json.put("vendor", chip.vendor());
    json.put("family", chip.family());
    for (Quantity quantity : Quantity.values()) {
      chip.figure(quantity)
          .ifPresent(f ->
              json.put(
                  quantity.column(), Map.of("low", f.low(), "value", f.value(), "high", f.high())));
    }
    chip.totalProcessingPerformance().ifPresent(f -> json.put("tpp", f.value()));
    chip.performanceDensity().ifPresent(f -> json.put("performance_density", f.value()));
    json.put("assumed", chip.assumed().stream().sorted().toList());
    json.put("row", chip.row().place());
    json.put("source", chip.row().source());
    json.put("date", chip.row().date());
    json.put("confidence", chip.row().confidence());
    json.put("disagreements", chip.disagreements());
    return json;
  }

  private void show(Chip chip) {
    var out = console.out();
    out.println(chip.name() + " (" + chip.vendor() + ", family " + chip.family() + ")");
    for (Quantity quantity : Quantity.values()) {
      String text =
          chip.figure(quantity).map(f -> f.text() + " " + quantity.unit()).orElse("no source");
      String assumed = chip.assumed().contains(quantity.column()) ? "  (assumed)" : "";
      out.println(Text.format("  %-20s %s%s", quantity.column(), text, assumed));
    }
    chip.totalProcessingPerformance()
        .ifPresent(f -> out.println(Text.format("  %-20s %s", "TPP", f)));
    out.println(
        Text.format(
            "  %-20s %s", "PD", chip.performanceDensity().map(Figure::text).orElse("no die area")));
    out.println("  export: " + chip.exportNote());
    out.println(
        "  disagreements: "
            + (chip.disagreements().isEmpty() ? "none noted" : chip.disagreements()));
    out.println(
        "  row: "
            + chip.row().place()
            + ", of "
            + chip.row().date()
            + ", confidence "
            + chip.row().confidence()
            + ", "
            + chip.row().source());
  }
}
