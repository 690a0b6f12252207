package dev.bascule.cli;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.catalogue.Quantity;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.TrainingSpeed;
import dev.bascule.plan.placement.Cost;
import dev.bascule.plan.policy.Rulings;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule plan train}: how long a training run takes. */
@Command(
    name = "train",
    description = {
      "Predicts how long a training run takes and what it costs.",
      "It gives tokens per second, days, utilisation, memory and the price of the chip hours."
    },
    sortOptions = false)
final class PlanTrainCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "MODEL",
      description = "a name of 'plan models', a config.json or a GGUF file")
  private String model = "";

  @Option(
      names = "--chips",
      paramLabel = "N",
      defaultValue = "1024",
      description = "how many (${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "1e12",
      description = "tokens to train on, such as 14.8e12 (${DEFAULT-VALUE})")
  private double tokens;

  @Option(
      names = "--sequence",
      paramLabel = "N",
      defaultValue = "4096",
      description = "tokens of a sequence (${DEFAULT-VALUE})")
  private int sequence;

  @Option(
      names = "--weights",
      paramLabel = "F",
      defaultValue = "bf16",
      description = "bf16 or fp8 (${DEFAULT-VALUE})")
  private String weights = "bf16";

  @Mixin private PlanPolicy policy = new PlanPolicy();
  @Mixin private PlanFacts facts = new PlanFacts();
  @Mixin private PlanChips chips = new PlanChips();

  private final Main main;
  private final Console console;

  PlanTrainCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    ModelShape shape = catalogue.model(model);
    Speed speed = facts.speed(catalogue);
    Cost cost = Cost.usual();
    Grid grid =
        new Grid(
            "chip",
            "chips",
            "tok/s",
            "days",
            "MFU",
            "state GB/chip",
            "of GB",
            "fits",
            "USD of chip hours",
            "rules");
    List<Chip> used = new ArrayList<>();
    Rulings rulings = policy.rulings(catalogue, policy.book(), "training");
    for (Chip chip : facts.chips(catalogue, chips.names())) {
      if (chips.isAll()
          && !chip.has(Quantity.BF16_TFLOPS, Quantity.MEMORY_GB, Quantity.MEMORY_GBPS)) {
        continue;
      }
      TrainingSpeed.Estimate run =
          TrainingSpeed.estimate(speed, chip, count, shape, Format.of(weights), sequence, tokens);
      used.add(chip);
      grid.row(
          chip.name(),
          count,
          run.tokensPerSecond().text(),
          run.days().text(),
          Text.format("%.0f %%", 100 * run.utilisation()),
          Text.format("%.1f", run.stateBytesPerChip() / 1e9),
          Text.format("%.0f", run.capacityBytes() / 1e9),
          run.fits() ? "yes" : "no",
          cost.usdPerHour(chip, catalogue)
              .map(usd -> Figure.digits(usd.value() * 24 * run.days().value() * count))
              .orElse("- (" + cost.missing(chip, catalogue) + ")"),
          rulings.of(chip, count, count, count).summary());
    }
    console
        .out()
        .println(
            main.json()
                ? JsonText.of(Map.of("training", grid.objects()))
                : grid.text().stripTrailing());
    if (!main.json()) {
      console.out().println("rows used: " + String.join("; ", PlanFacts.rows(shape, used)));
      console.say(
          "the fit rests on two published runs (plan accuracy); dense models on one published bound");
    }
    return ExitCodes.DONE;
  }
}
