package dev.bascule.cli;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Best;
import dev.bascule.plan.placement.Search;
import dev.bascule.plan.policy.RuleBook;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The search that best and justify share. */
final class PlanSearch {
  private static final Map<String, Best.Aim> AIMS =
      Map.of(
          "cheapest", Best.Aim.CHEAPEST,
          "fastest", Best.Aim.FASTEST,
          "densest", Best.Aim.MOST_PER_CHIP);

  @Mixin private PlanWorkload workload = new PlanWorkload();
  @Mixin private PlanPolicy policy = new PlanPolicy();
  @Mixin private PlanFacts facts = new PlanFacts();
  @Mixin private PlanChips chosen = new PlanChips();

  @Option(
      names = "--for",
      paramLabel = "AIM",
      defaultValue = "cheapest",
      description = "cheapest, fastest (time per token) or densest (tokens per chip)")
  private String aim = "cheapest";

  @Option(
      names = "--no-split",
      description = "no placements with prompts on one kind of chip and answers on another")
  private boolean together;

  @Option(
      names = "--mix",
      description = "placements half on one vendor's chips and half on another's, too")
  private boolean mix;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "the reason, where a rule wants one")
  private String reason = "";

  /** What was found, and with what. */
  record Found(
      Best best, Work work, Search search, Speed speed, Catalogue catalogue, RuleBook book) {}

  Found run(Console console) {
    Best.Aim wanted = AIMS.get(aim);
    if (wanted == null) {
      throw new RequestException(
          "--for: expected cheapest, fastest or densest, got " + Text.quote(aim));
    }
    Catalogue catalogue = facts.catalogue();
    Work work = workload.work(catalogue);
    Speed speed = facts.speed(catalogue);
    Search search = new Search(catalogue, speed, workload.cost(), workload.targets());
    RuleBook book = policy.book();
    List<Chip> chips = facts.chips(catalogue, chosen.names());
    try (Progress progress =
        new Progress(console, "searching", chips.size(), Console.errorIsTerminal())) {
      Best best =
          Best.of(
              search,
              chips,
              new Best.Request(work, workload.weightsAsked(), wanted, !reason.isBlank(), ways()),
              policy.rulings(catalogue, book, "inference"),
              progress::step);
      return new Found(best, work, search, speed, catalogue, book);
    }
  }

  private Set<Best.Way> ways() {
    Set<Best.Way> ways = EnumSet.noneOf(Best.Way.class);
    if (!together) {
      ways.add(Best.Way.SPLIT);
    }
    if (mix) {
      ways.add(Best.Way.MIXED);
    }
    return ways;
  }

  String reason() {
    return reason;
  }

  PlanPolicy policy() {
    return policy;
  }
}
