package dev.bascule.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The chips that a plan is for. */
final class PlanChips {
  @Option(
      names = "--chip",
      paramLabel = "CHIP",
      description = "only these chips (default: all); may be repeated",
      split = ",")
  private List<String> names = new ArrayList<>();

  /** What was asked for by name; none for all. */
  List<String> names() {
    return names;
  }

  boolean isAll() {
    return names.isEmpty();
  }
}
