package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.performance.Efficiency;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Sustained;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The facts that a plan rests on, and the user's own over them. */
final class PlanFacts {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "a folder with rows of your own: chips.csv, systems.csv, models.json, measured.csv")
  private @Nullable Path data;

  @Option(
      names = "--derate",
      paramLabel = "SHARE",
      description = "cut the chips' compute by this share, such as 0.3")
  private double derate;

  Catalogue catalogue() {
    if (data != null && !Files.isDirectory(data)) {
      throw new RequestException("--data: expected a folder, got " + data + "; check the path");
    }
    return Catalogue.withFolder(Optional.ofNullable(data));
  }

  Speed speed(Catalogue catalogue) {
    return new Speed(Efficiency.shipped(), new Sustained(catalogue.chips()));
  }

  /** The rows that an answer rests on: {@code H100 chips.csv line 5}. */
  static List<String> rows(ModelShape model, List<Chip> chips) {
    List<String> rows = new ArrayList<>();
    rows.add(model.name() + " " + model.row().place());
    chips.forEach(chip -> rows.add(chip.name() + " " + chip.row().place()));
    return rows;
  }

  /** The chips of these names, or all; cut where that was asked. */
  List<Chip> chips(Catalogue catalogue, List<String> names) {
    List<Chip> chosen =
        names.isEmpty() ? catalogue.chips() : names.stream().map(catalogue::chip).toList();
    return chosen.stream().map(chip -> chip.derated(derate)).toList();
  }
}
