package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.policy.Decision;
import dev.bascule.plan.policy.RuleBook;
import dev.bascule.plan.policy.Rulings;
import dev.bascule.plan.policy.Subject;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which rules hold, and for whom. */
final class PlanPolicy {
  @Option(
      names = "--rules",
      paramLabel = "FILE",
      description = "rules of your own (CSV; docs/plan.md); may be repeated")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--rule",
      paramLabel = "ID=on|off",
      description = "switch a rule; 'press' means all press reports, 'shipped' all shipped rules")
  private Map<String, String> switches = new LinkedHashMap<>();

  @Option(
      names = "--date",
      paramLabel = "DAY",
      description = "the day whose rules hold (default: today)")
  private @Nullable String date;

  @Option(
      names = "--place",
      paramLabel = "COUNTRY",
      description = "where the chips stand, such as China")
  private @Nullable String place;

  @Option(
      names = "--hq",
      paramLabel = "COUNTRY",
      description = "where the owner has its headquarters")
  private @Nullable String headquarters;

  @Option(
      names = "--label",
      paramLabel = "L",
      description = "a label of the workload, such as government; may be repeated",
      split = ",")
  private List<String> labels = new ArrayList<>();

  @Option(
      names = "--fleet",
      paramLabel = "CHIP=N",
      description = "chips that there are already, for rules about shares; may be repeated")
  private Map<String, Integer> fleet = new LinkedHashMap<>();

  LocalDate date() {
    try {
      return date == null ? LocalDate.now(java.time.ZoneId.systemDefault()) : LocalDate.parse(date);
    } catch (DateTimeParseException e) {
      throw new RequestException(
          "--date: expected a day such as 2026-01-15, got " + Text.quote(String.valueOf(date)), e);
    }
  }

  RuleBook book() {
    Map<String, Boolean> on = new LinkedHashMap<>();
    switches.forEach((id, to) -> {
      if (!to.equals("on") && !to.equals("off")) {
        throw new RequestException("--rule " + id + ": expected on or off, got " + Text.quote(to));
      }
      on.put(id, to.equals("on"));
    });
    return RuleBook.of(files, on, date());
  }

  /** What the rules say of chips for this use, which is a label too: training or inference. */
  Rulings rulings(Catalogue catalogue, RuleBook book, String use) {
    Map<String, Integer> byVendor = new LinkedHashMap<>();
    fleet.forEach(
        (name, count) -> byVendor.merge(catalogue.chip(name).vendor(), count, Integer::sum));
    int all = byVendor.values().stream().mapToInt(Integer::intValue).sum();
    Map<String, Decision> known = new LinkedHashMap<>();
    List<String> labelled = new ArrayList<>(labels);
    if (!use.isEmpty()) {
      labelled.add(use);
    }
    return (chip, count, ofVendor, inAll) -> {
      double share = (byVendor.getOrDefault(chip.vendor(), 0) + ofVendor) / (double) (all + inAll);
      return known.computeIfAbsent(
          chip.name() + " " + count + " " + share,
          key ->
              book.decide(
                  new Subject(
                      chip,
                      labelled,
                      place == null ? "" : place,
                      headquarters == null ? "" : headquarters,
                      count,
                      share)));
    };
  }

  /** What a reader must know of how the rules were asked. */
  List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    if (place == null) {
      remarks.add("no --place was said, so rules of countries do not strike");
    }
    return remarks;
  }
}
