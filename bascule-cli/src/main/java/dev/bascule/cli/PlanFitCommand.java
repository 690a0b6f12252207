package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Layout;
import dev.bascule.plan.performance.MemoryFit;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Search;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bascule plan fit}: what lies in memory. */
@Command(
    name = "fit",
    description = "Says on how few chips a model fits, and what lies in their memory.",
    sortOptions = false)
final class PlanFitCommand implements Callable<Integer> {
  @Mixin private PlanWorkload workload = new PlanWorkload();
  @Mixin private PlanFacts facts = new PlanFacts();
  @Mixin private PlanChips chips = new PlanChips();

  private final Main main;
  private final Console console;

  PlanFitCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    Work work = workload.work(catalogue);
    Speed speed = facts.speed(catalogue);
    Search search = new Search(catalogue, speed, workload.cost(), workload.targets());
    Grid grid =
        new Grid(
            "chip",
            "chips",
            "layout",
            "weights",
            "weights GB/chip",
            "experts GB/chip",
            "cache MB/sequence",
            "reserve GB",
            "of GB",
            "sequences/chip");
    List<Chip> used = new ArrayList<>();
    Grid unfit = new Grid("chip", "why not");
    for (Chip chip : facts.chips(catalogue, chips.names())) {
      if (!Hardware.isKnown(chip) && chips.isAll()) {
        unfit.row(chip.name(), "figures are missing (" + chip.row().place() + ")");
        continue;
      }
      Work suited = Search.suited(work, chip, workload.weightsAsked());
      Hardware hardware = speed.hardware(chip, Hardware.End.VALUE);
      Optional<Layout> least =
          search.layouts(hardware, suited).stream()
              .min(java.util.Comparator.comparingInt(Layout::chips));
      if (least.isEmpty()) {
        unfit.row(chip.name(), search.whyNot(chip, suited));
        continue;
      }
      used.add(chip);
      row(grid, chip, suited, least.get(), MemoryFit.of(hardware, suited, least.get()));
    }
    String rows = "rows used: " + String.join("; ", PlanFacts.rows(work.model(), used));
    if (main.json()) {
      console
          .out()
          .println(
              JsonText.of(
                  Map.of("fits", grid.objects(), "unfit", unfit.objects(), "remarks", rows)));
    } else {
      console.out().print(grid.text());
      console.out().println(rows);
      if (!unfit.isEmpty()) {
        console.out().print("\n" + unfit.text());
      }
    }
    return grid.isEmpty() ? ExitCodes.FAILED : ExitCodes.DONE;
  }

  private static void row(Grid grid, Chip chip, Work work, Layout layout, MemoryFit fit) {
    grid.row(
        chip.name(),
        layout.chips(),
        layout.text(),
        work.weights().text(),
        gb(fit.commonWeights()),
        gb(fit.expertWeights()),
        Text.format("%.1f", fit.cachePerSequence() / 1e6),
        gb(fit.reserve()),
        gb(fit.capacity()),
        Text.format("%.1f", fit.sequencesMax(layout)));
  }

  private static String gb(double bytes) {
    return Text.format("%.1f", bytes / 1e9);
  }
}
