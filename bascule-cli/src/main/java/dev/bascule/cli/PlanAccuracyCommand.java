package dev.bascule.cli;

import dev.bascule.formats.AtomicFile;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.performance.Accuracy;
import dev.bascule.plan.report.AccuracyTables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bascule plan accuracy}: predictions beside every measured row. */
@Command(
    name = "accuracy",
    description = {
      "Puts every measured row beside its prediction.",
      "Each row is predicted by the fit to all rows and by a fit that had not seen its chip."
    },
    sortOptions = false)
final class PlanAccuracyCommand implements Callable<Integer> {
  private static final String START =
      "<!-- accuracy: written by 'bascule plan accuracy --into' -->\n";
  private static final String END = "<!-- end of accuracy -->";

  @Mixin private PlanFacts facts = new PlanFacts();

  @Option(
      names = "--write",
      paramLabel = "FILE",
      description = "write the fitted efficiencies (efficiency.csv)")
  private @Nullable Path write;

  @Option(
      names = "--into",
      paramLabel = "FILE",
      description = "put the tables into a Markdown file, between its marks")
  private @Nullable Path into;

  private final Main main;
  private final Console console;

  PlanAccuracyCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Catalogue catalogue = facts.catalogue();
    Accuracy accuracy = Accuracy.of(catalogue);
    AccuracyTables tables = new AccuracyTables(accuracy);
    if (write != null) {
      AtomicFile.write(write, accuracy.efficiency().toCsv());
    }
    if (into != null) {
      put(into, tables.markdown());
    }
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("summary", tables.summary().objects());
      json.put("rows", tables.rows().objects());
      json.put("unusable", tables.unusable().objects());
      console.out().println(JsonText.of(json));
    } else {
      console.out().println(tables.text());
    }
    return ExitCodes.DONE;
  }

  private static void put(Path file, String markdown) throws IOException {
    String text = Files.readString(file);
    int start = text.indexOf(START);
    int end = text.indexOf(END);
    if (start < 0 || end < start) {
      throw new RequestException(
          "--into "
              + file
              + ": expected the lines "
              + START.strip()
              + " and "
              + END
              + ", got none; add them");
    }
    AtomicFile.write(
        file, text.substring(0, start + START.length()) + markdown + text.substring(end));
  }
}
