package dev.bascule.cli;

import dev.bascule.plan.Figure;
import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ChipSystem;
import dev.bascule.plan.performance.Efficiency;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Observation;
import dev.bascule.plan.performance.Roofline;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Search;
import dev.bascule.plan.placement.Search.Half;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bascule plan speed}: both phases on each chip, beside what was measured. */
@Command(
    name = "speed",
    description = {
      "Predicts tokens per second and chip, and puts measurements beside.",
      "Prompts and answers are predicted apart, with the time per token."
    },
    sortOptions = false)
final class PlanSpeedCommand implements Callable<Integer> {
  @Mixin private PlanWorkload workload = new PlanWorkload();
  @Mixin private PlanFacts facts = new PlanFacts();
  @Mixin private PlanChips chips = new PlanChips();

  @Option(
      names = "--system",
      paramLabel = "NAME",
      description = "a whole system, such as 'CloudMatrix 384'")
  private @Nullable String system;

  private final Main main;
  private final Console console;

  PlanSpeedCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    Work work = workload.work(catalogue);
    Speed speed = facts.speed(catalogue);
    Optional<ChipSystem> whole = whole(catalogue);
    List<String> wanted = whole.map(s -> List.of(s.chip())).orElse(chips.names());
    int most = whole.map(ChipSystem::chips).orElse(workload.targets().chipsMax());
    Search search = new Search(catalogue, speed, workload.cost(), workload.targets(most));
    Grid grid =
        new Grid(
            "chip",
            "weights",
            "prompts tok/s/chip",
            "on",
            "answers tok/s/chip",
            "ms/token",
            "batch/chip",
            "on");
    Map<String, String> unfit = new LinkedHashMap<>();
    List<String> parts = new ArrayList<>();
    List<Chip> used = new ArrayList<>();
    for (Chip chip : facts.chips(catalogue, wanted)) {
      if (!Hardware.isKnown(chip) && wanted.isEmpty()) {
        unfit.put(chip.name(), "figures are missing (" + chip.row().place() + ")");
        continue;
      }
      Work suited = Search.suited(work, chip, workload.weightsAsked());
      Optional<Half> prompts = search.prompts(chip, suited);
      Optional<Half> answers = search.answers(chip, suited);
      if (prompts.isEmpty() || answers.isEmpty()) {
        unfit.put(chip.name(), search.whyNot(chip, suited));
        continue;
      }
      row(grid, suited, prompts.get(), answers.get());
      used.add(chip);
      parts.addAll(explain(speed, prompts.get(), answers.get()));
      whole.ifPresent(s -> parts.add(total(s, prompts.get(), answers.get())));
    }
    parts.add("rows used: " + String.join("; ", PlanFacts.rows(work.model(), used)));
    print(grid, unfit, parts, measured(catalogue, speed, work, wanted));
    return grid.isEmpty() ? ExitCodes.FAILED : ExitCodes.DONE;
  }

  private Optional<ChipSystem> whole(Catalogue catalogue) {
    if (system == null) {
      return Optional.empty();
    }
    return Optional.of(
        catalogue.systems().stream()
            .filter(s -> s.name().equalsIgnoreCase(system))
            .findFirst()
            .orElseThrow(() ->
                new PlanException(
                    "no system "
                        + Text.quote(String.valueOf(system))
                        + " is known; known: "
                        + catalogue.systems().stream().map(ChipSystem::name).toList()
                        + "; --data DIR adds your own (systems.csv)")));
  }

  private static void row(Grid grid, Work work, Half prompts, Half answers) {
    Figure perToken = Figure.of(answers.batch()).over(answers.rate()).times(1000);
    grid.row(
        prompts.chip().name(),
        work.weights().text(),
        prompts.rate().text(),
        prompts.layout().text(),
        answers.rate().text(),
        perToken.text(),
        Figure.digits(answers.batch()),
        answers.layout().text());
  }

  /** Where the time of a step goes. */
  private List<String> explain(Speed speed, Half prompts, Half answers) {
    if (!main.explain()) {
      return List.of();
    }
    Hardware hardware = speed.hardware(answers.chip(), Hardware.End.VALUE);
    String family = answers.chip().family();
    Map<String, Double> decode =
        Roofline.decode(hardware, answers.work(), answers.layout(), answers.batch())
            .seconds(speed.efficiency(), Efficiency.Phase.DECODE, family);
    Map<String, Double> prefill =
        Roofline.prefill(hardware, prompts.work(), prompts.layout(), Speed.CHUNK_TOKENS)
            .seconds(speed.efficiency(), Efficiency.Phase.PREFILL, family);
    List<String> lines = new ArrayList<>();
    lines.add(
        answers.chip().name()
            + ": sustains "
            + Text.format("%.0f %%", 100 * speed.sustained().bf16(answers.chip()))
            + " of its BF16 peak ("
            + speed.sustained().reason(answers.chip())
            + "); "
            + answers.chip().row().place());
    lines.add("  answers, ms a step: " + millis(decode));
    lines.add("  prompts, ms for " + Speed.CHUNK_TOKENS + " tokens: " + millis(prefill));
    return lines;
  }

  private static String millis(Map<String, Double> parts) {
    List<String> texts = new ArrayList<>();
    parts.forEach((name, seconds) -> texts.add(name + " " + Figure.digits(seconds * 1000)));
    return String.join(", ", texts);
  }

  private static String total(ChipSystem system, Half prompts, Half answers) {
    return system.name()
        + " ("
        + system.chips()
        + " chips): all on answers "
        + answers.rate().times(system.chips())
        + " tok/s, all on prompts "
        + prompts.rate().times(system.chips())
        + " tok/s";
  }

  /** The rows of this model, each with the prediction for its own conditions. */
  private static Grid measured(Catalogue catalogue, Speed speed, Work work, List<String> wanted) {
    Grid grid =
        new Grid(
            "row",
            "chip",
            "phase",
            "measured tok/s/chip",
            "predicted",
            "difference",
            "conditions",
            "source");
    List<String> chips = wanted.stream().map(name -> catalogue.chip(name).name()).toList();
    for (Observation row : Observation.of(catalogue, speed.sustained())) {
      String shape = row.measurement().model();
      boolean same = catalogue.model(shape).parameters() == work.model().parameters();
      if (same && (chips.isEmpty() || chips.contains(row.measurement().chip()))) {
        double predicted = row.predicted(speed.efficiency());
        grid.row(
            row.measurement().id(),
            row.measurement().chip(),
            row.phase().name().toLowerCase(java.util.Locale.ROOT),
            Figure.digits(Math.rint(row.measured())),
            Figure.digits(Math.rint(predicted)),
            Text.format("%+.0f %%", 100 * (predicted / row.measured() - 1)),
            row.conditionsText(),
            row.measurement().row().source());
      }
    }
    return grid;
  }

  private void print(Grid grid, Map<String, String> unfit, List<String> parts, Grid measured) {
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("speed", grid.objects());
      json.put("unfit", unfit);
      json.put("remarks", parts);
      json.put("measured", measured.objects());
      console.out().println(JsonText.of(json));
      return;
    }
    console.out().print(grid.text());
    parts.forEach(console.out()::println);
    unfit.forEach((chip, why) -> console.out().println("not " + chip + ": " + why));
    if (!measured.isEmpty()) {
      console
          .out()
          .print("\nMeasured, and predicted under the same conditions:\n" + measured.text());
    }
  }
}
