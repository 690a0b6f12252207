package dev.bascule.cli;

import dev.bascule.plan.policy.Effect;
import dev.bascule.plan.policy.Rule;
import dev.bascule.plan.policy.RuleBook;
import dev.bascule.plan.policy.Subject;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bascule plan rules}: what holds on a day. */
@Command(
    name = "rules",
    description = {
      "Lists rules and events, and whether they hold on --date.",
      "With ids, all of each."
    },
    sortOptions = false)
final class PlanRulesCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID", arity = "0..*", description = "rules to show whole")
  private List<String> ids = new ArrayList<>();

  @Mixin private PlanPolicy policy = new PlanPolicy();

  private final Main main;
  private final Console console;

  PlanRulesCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    RuleBook book = policy.book();
    for (String id : ids) {
      if (book.rules().stream().noneMatch(rule -> rule.id().equals(id))) {
        throw new RequestException(
            "no rule " + Text.quote(id) + " is known; 'bascule plan rules' lists all");
      }
    }
    Grid grid = new Grid("id", "effect", "holds", "from", "until", "basis", "title", "row");
    for (Rule rule : book.rules()) {
      if (ids.isEmpty() || ids.contains(rule.id())) {
        grid.row(
            rule.id(),
            rule.effect().text(),
            rule.effect() == Effect.NOTE
                ? "-"
                : !rule.on() ? "off" : rule.isInForce(book.date()) ? "yes" : "no",
            rule.from().map(Object::toString).orElse("-"),
            rule.until().map(Object::toString).orElse("-"),
            rule.basis(),
            rule.title(),
            rule.place());
      }
    }
    if (main.json()) {
      console
          .out()
          .println(JsonText.of(Map.of("date", book.date().toString(), "rules", grid.objects())));
      return ExitCodes.DONE;
    }
    console.out().print(grid.text());
    book.rules().stream().filter(rule -> ids.contains(rule.id())).forEach(this::show);
    if (ids.isEmpty()) {
      console.out().println("\nVariables of a condition (CEL):");
      Subject.VARIABLES.forEach(
          (name, meaning) -> console.out().println(Text.format("  %-11s %s", name, meaning)));
    }
    return ExitCodes.DONE;
  }

  private void show(Rule rule) {
    var out = console.out();
    out.println("\n" + rule.id() + ": " + rule.title());
    out.println("  when: " + rule.when());
    out.println("  overrides: " + String.join(", ", rule.overrides()));
    out.println("  says: " + rule.detail());
    out.println("  status: " + rule.status());
    out.println(
        "  source: "
            + rule.row().source()
            + " (read "
            + rule.row().date()
            + ", confidence "
            + rule.row().confidence()
            + ")");
  }
}
