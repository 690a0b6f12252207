package dev.bascule.cli;

import dev.bascule.formats.AtomicFile;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.placement.Best;
import dev.bascule.plan.placement.Justification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bascule plan justify}: the reasons for a choice, as a document. */
@Command(
    name = "justify",
    description = {
      "Writes the reasons for a choice as a dated document.",
      "It is Markdown and JSON, with alternatives and figures."
    },
    sortOptions = false)
final class PlanJustifyCommand implements Callable<Integer> {
  @Mixin private PlanSearch search = new PlanSearch();

  @Option(
      names = "--choose",
      paramLabel = "CHIP",
      description = "the chip that was chosen (default: that of the best placement)")
  private @Nullable String choose;

  @Option(
      names = "--to",
      paramLabel = "FILE",
      description = "FILE.md and FILE.json (default: Markdown to standard output)")
  private @Nullable Path to;

  private final Main main;
  private final Console console;

  PlanJustifyCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    PlanSearch.Found found = search.run(console);
    Best.Ranked chosen = chosen(found);
    Justification document =
        new Justification(
            found.book().date(),
            found.work(),
            found.search().targets(),
            chosen,
            found.best(),
            search.reason());
    if (to == null) {
      console.out().println(main.json() ? JsonText.of(document.json()) : document.markdown());
    } else {
      String name = to.toString().replaceAll("\\.(md|json)$", "");
      AtomicFile.write(Path.of(name + ".md"), document.markdown());
      AtomicFile.write(Path.of(name + ".json"), JsonText.of(document.json()) + "\n");
      console.out().println(name + ".md, " + name + ".json");
    }
    return ExitCodes.DONE;
  }

  private Best.Ranked chosen(PlanSearch.Found found) {
    Best best = found.best();
    if (choose == null) {
      return best.ranked().stream().findFirst().orElseThrow(() -> none(best, ""));
    }
    Chip chip = found.catalogue().chip(choose);
    return best.ranked().stream()
        .filter(
            ranked -> ranked.option().pools().stream().allMatch(pool -> pool.chip().equals(chip)))
        .findFirst()
        .orElseThrow(() -> none(best, chip.name()));
  }

  private static RequestException none(Best best, String chip) {
    String refused =
        best.refused().stream()
            .filter(r -> chip.isEmpty() || r.chip().name().equals(chip))
            .map(r -> r.chip().name() + " is " + r.decision().summary())
            .findFirst()
            .orElse(best.unfit().getOrDefault(chip, "no placement meets the targets"));
    return new RequestException(
        "justify: there is nothing to justify: "
            + refused
            + "; where a rule wants a reason, give it with --reason");
  }
}
