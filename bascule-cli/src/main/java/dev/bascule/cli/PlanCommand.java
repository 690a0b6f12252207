package dev.bascule.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bascule plan}: chips, speed, cost and rules, without a chip. */
@Command(
    name = "plan",
    description = {
      "Says which chips, how many, how fast, at what cost, what is allowed.",
      "It rests on facts with their sources and needs no chip. Nothing here is legal advice."
    },
    sortOptions = false)
final class PlanCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  private final Console console;

  private PlanCommand(Console console) {
    this.console = console;
  }

  /** The command with all that it can do. */
  static CommandLine of(Main main, Console console) {
    return new CommandLine(new PlanCommand(console))
        .addSubcommand("chips", new PlanChipsCommand(main, console))
        .addSubcommand("models", new PlanModelsCommand(main, console))
        .addSubcommand("rules", new PlanRulesCommand(main, console))
        .addSubcommand("fit", new PlanFitCommand(main, console))
        .addSubcommand("speed", new PlanSpeedCommand(main, console))
        .addSubcommand("train", new PlanTrainCommand(main, console))
        .addSubcommand("best", new PlanBestCommand(main, console))
        .addSubcommand("check", new PlanCheckCommand(main, console))
        .addSubcommand("justify", new PlanJustifyCommand(main, console))
        .addSubcommand("claim", new PlanClaimCommand(main, console))
        .addSubcommand("accuracy", new PlanAccuracyCommand(main, console));
  }

  @Override
  public void run() {
    spec.commandLine().usage(console.out());
  }
}
