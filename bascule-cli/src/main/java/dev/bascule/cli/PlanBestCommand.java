package dev.bascule.cli;

import dev.bascule.formats.AtomicFile;
import dev.bascule.plan.Figure;
import dev.bascule.plan.placement.Best;
import dev.bascule.plan.placement.Justification;
import dev.bascule.plan.report.Grid;
import dev.bascule.plan.report.HtmlReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bascule plan best}: the placements that meet targets and rules. */
@Command(
    name = "best",
    description = {
      "Searches the best placements that meet the targets and the rules.",
      "A placement is chips, how many, and how the model is spread over them."
    },
    sortOptions = false)
final class PlanBestCommand implements Callable<Integer> {
  @Mixin private PlanSearch search = new PlanSearch();

  @Option(
      names = "--show",
      paramLabel = "N",
      defaultValue = "12",
      description = "placements to print (${DEFAULT-VALUE})")
  private int show;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "write a page with plots and reasons")
  private @Nullable Path html;

  private final Main main;
  private final Console console;

  PlanBestCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    PlanSearch.Found found = search.run(console);
    Best best = found.best();
    if (html != null) {
      AtomicFile.write(
          html,
          new HtmlReport(found.speed(), found.search(), found.work(), best, found.book().date())
              .page());
    }
    print(found);
    search.policy().remarks().forEach(console::say);
    if (best.ranked().isEmpty()) {
      console.say(
          "no placement meets the targets and the rules; "
              + (best.refused().isEmpty()
                  ? "allow more time (--tpot), more chips (--max-chips) or fewer bits (--weights)"
                  : "the rules keep " + best.refused().size() + " chips out (bascule plan check)"));
      return ExitCodes.FAILED;
    }
    return ExitCodes.DONE;
  }

  private Grid placements(Best best) {
    Grid grid =
        new Grid("placement", "tok/s/chip", "ms/token", "s to first", "USD/1e6 tokens", "rules");
    best.shown(show).stream()
        .forEach(ranked ->
            grid.row(
                ranked.option().text(),
                ranked.option().rate().text(),
                Figure.digits(ranked.option().secondsPerToken().value() * 1000),
                Figure.digits(ranked.option().secondsToFirst().value()),
                ranked
                    .option()
                    .usdPerMillion()
                    .map(Figure::text)
                    .orElse("- (" + ranked.option().costGap() + ")"),
                ranked.rules()));
    return grid;
  }

  private void print(PlanSearch.Found found) {
    Best best = found.best();
    Grid grid = placements(best);
    Map<String, String> refused = new LinkedHashMap<>();
    best.refused().forEach(r -> refused.put(r.chip().name(), r.decision().summary()));
    List<String> rows = rows(found);
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("date", found.book().date().toString());
      List<Object> placements = new java.util.ArrayList<>();
      for (Best.Ranked ranked : best.shown(show)) {
        Map<String, Object> placement = ranked.option().json();
        placement.put("rules", ranked.rules());
        placements.add(placement);
      }
      json.put("placements", placements);
      json.put("refused", refused);
      json.put("unfit", best.unfit());
      json.put("rows", rows);
      console.out().println(JsonText.of(json));
      return;
    }
    console.out().print(grid.text());
    refused.forEach((chip, why) -> console.out().println("not " + chip + ": " + why));
    best.unfit().forEach((chip, why) -> console.out().println("not " + chip + ": " + why));
    console.out().println("rows used: " + String.join("; ", rows));
    console.out().println(Justification.NOTICE);
  }

  /** The rows behind the placements that are shown. */
  private List<String> rows(PlanSearch.Found found) {
    return PlanFacts.rows(
        found.work().model(),
        found.best().shown(show).stream()
            .flatMap(ranked -> ranked.option().kinds().stream())
            .distinct()
            .toList());
  }
}
