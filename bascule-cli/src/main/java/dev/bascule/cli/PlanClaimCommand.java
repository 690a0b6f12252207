package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.claim.Claim;
import dev.bascule.plan.claim.Claims;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bascule plan claim}: a statement held against the facts. */
@Command(
    name = "claim",
    description = {
      "Holds a statement against sheets, roofline and measurements.",
      "Its forms:",
      "  CHIP inference is 60 %% of CHIP",
      "  CHIP matches CHIP at 40 %% lower price",
      "  MODEL on CHIP reaches 80 %% of CHIP",
      "  CHIP: 320 TFLOPS"
    },
    sortOptions = false)
final class PlanClaimCommand implements Callable<Integer> {
  @Parameters(paramLabel = "TEXT", arity = "1..*", description = "the statement")
  private List<String> words = List.of();

  @Mixin private PlanFacts facts = new PlanFacts();

  private final Main main;
  private final Console console;

  PlanClaimCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    Claims claims = new Claims(catalogue, facts.speed(catalogue));
    Claim.Answer answer = claims.answer(Claim.parse(String.join(" ", words)));
    Map<String, List<String>> parts = new LinkedHashMap<>();
    parts.put("sheets and roofline", answer.roofline());
    parts.put("measurements", answer.measured());
    parts.put("conditions", answer.conditions());
    parts.put("rows used", answer.rows());
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("claim", answer.claim().text());
      json.put("verdict", answer.verdict().text());
      json.putAll(parts);
      console.out().println(JsonText.of(json));
    } else {
      console.out().println("'" + answer.claim().text() + "': " + answer.verdict().text());
      parts.forEach((name, lines) -> {
        console.out().println(name + ":");
        lines.forEach(line -> console.out().println("  - " + line));
      });
    }
    return ExitCodes.DONE;
  }
}
