package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.placement.Justification;
import dev.bascule.plan.policy.Decision;
import dev.bascule.plan.policy.Decision.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule plan check}: what the rules say of chips, and why. */
@Command(
    name = "check",
    description = {
      "Says what the rules allow: chips for a workload at a place.",
      "Each answer comes with its rule, figure and source. Exit code 1 where a chip is denied."
    },
    sortOptions = false)
final class PlanCheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "CHIP", arity = "0..*", description = "chips (default: all)")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--chips",
      paramLabel = "N",
      defaultValue = "1",
      description = "how many of each (${DEFAULT-VALUE})")
  private int count;

  @Mixin private PlanPolicy policy = new PlanPolicy();
  @Mixin private PlanFacts facts = new PlanFacts();

  private final Main main;
  private final Console console;

  PlanCheckCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    var decisions = policy.rulings(catalogue, policy.book(), "");
    Map<String, Object> json = new LinkedHashMap<>();
    boolean denied = false;
    for (Chip chip : facts.chips(catalogue, names)) {
      Decision decision = decisions.of(chip, count, count, count);
      List<String> lines = Justification.explain(decision);
      denied |= decision.verdict() == Verdict.DENIED;
      if (main.json()) {
        json.put(chip.name(), Map.of("verdict", decision.verdict().text(), "because", lines));
      } else {
        console
            .out()
            .println(
                chip.name()
                    + ": "
                    + decision.verdict().text()
                    + (lines.isEmpty() ? " (no rule strikes)" : ""));
        lines.forEach(line -> console.out().println("  - " + line));
      }
    }
    if (main.json()) {
      console.out().println(JsonText.of(Map.of("date", policy.date().toString(), "chips", json)));
    }
    policy.remarks().forEach(console::say);
    return denied ? ExitCodes.FAILED : ExitCodes.DONE;
  }
}
