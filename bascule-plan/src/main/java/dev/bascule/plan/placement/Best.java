package dev.bascule.plan.placement;

import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.policy.Decision;
import dev.bascule.plan.policy.Decision.Verdict;
import dev.bascule.plan.policy.Rulings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The placements that meet the targets, best first, and why the others are not among them.
 *
 * @param refused chips that would do and that the rules deny (or want a reason for)
 * @param unfit chips that do not meet the targets, with the reason
 */
public record Best(List<Ranked> ranked, List<Refused> refused, Map<String, String> unfit) {

  /** Of each half of a split placement, so many are tried. */
  private static final int HALVES_MAX = 12;

  private static final int ALIKE_MAX = 3;

  /** What is made small or large. */
  public enum Aim {
    CHEAPEST,
    FASTEST,
    MOST_PER_CHIP
  }

  /** A placement and what the rules say of each kind of chip in it. */
  public record Ranked(Option option, Map<String, Decision> decisions) {
    public Verdict verdict() {
      return decisions.values().stream()
          .map(Decision::verdict)
          .max(Comparator.naturalOrder())
          .orElse(Verdict.ALLOWED);
    }

    /** What the rules say of each kind of chip, in one line. */
    public String rules() {
      if (decisions.values().stream().map(Decision::summary).distinct().count() == 1) {
        return decisions.values().iterator().next().summary();
      }
      List<String> each = new ArrayList<>();
      decisions.forEach((chip, decision) -> each.add(chip + " " + decision.summary()));
      return String.join("; ", each);
    }
  }

  /**
   * The first {@code most} placements, of which not more than {@link #ALIKE_MAX} answer on the same
   * chip and of these one has a single pool where there is one: a list of twins would hide what
   * else there is.
   */
  public List<Ranked> shown(int most) {
    Map<String, Integer> split = new java.util.HashMap<>();
    List<Ranked> shown = new ArrayList<>();
    for (Ranked one : ranked) {
      Option option = one.option();
      boolean few =
          !option.isSplit()
              || split.merge(option.pools().getLast().chip().name(), 1, Integer::sum) < ALIKE_MAX;
      if (few && shown.size() < most) {
        shown.add(one);
      }
    }
    return shown;
  }

  /** A chip that the rules keep out. */
  public record Refused(Chip chip, Decision decision) {}

  public Best {
    ranked = List.copyOf(ranked);
    refused = List.copyOf(refused);
    unfit = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(unfit));
  }

  /** Kinds of placement beside one pool on one kind of chip. */
  public enum Way {
    /** Prompts on one pool, answers on another. */
    SPLIT,
    /** As many chips of one vendor as of another, each doing both phases. */
    MIXED
  }

  /**
   * What is searched for.
   *
   * @param weights the format that was asked for; absent: what suits each chip
   * @param withReason whether a reason was given for what needs one
   */
  public record Request(
      Work work, Optional<Format> weights, Aim aim, boolean withReason, Set<Way> ways) {
    public Request {
      ways = Set.copyOf(ways);
    }
  }

  /**
   * Searches.
   *
   * @param progress hears the chip that is being tried
   */
  public static Best of(
      Search search, List<Chip> chips, Request request, Rulings rules, Consumer<String> progress) {
    Gathering gathering = new Gathering(search, request, rules);
    for (Chip chip : chips) {
      progress.accept(chip.name());
      gathering.add(chip);
    }
    if (request.ways().contains(Way.SPLIT)) {
      gathering.join();
    }
    if (request.ways().contains(Way.MIXED)) {
      gathering.mix();
    }
    List<Ranked> ranked = gathering.options.stream().sorted(order(request.aim())).toList();
    return new Best(ranked, gathering.refused, gathering.unfit);
  }

  /** Those without a known cost come after those with one. */
  private static Comparator<Ranked> order(Aim aim) {
    return switch (aim) {
      case CHEAPEST ->
          Comparator.<Ranked>comparingDouble(
                  r -> r.option().usdPerMillion().map(usd -> usd.value()).orElse(Double.MAX_VALUE))
              .thenComparingDouble(r -> -r.option().rate().value());
      case FASTEST -> Comparator.comparingDouble(r -> r.option().secondsPerToken().value());
      case MOST_PER_CHIP -> Comparator.comparingDouble(r -> -r.option().rate().value());
    };
  }

  /** What the search has found so far. */
  private static final class Gathering {
    private final Search search;
    private final Request request;
    private final Rulings rules;
    private final List<Ranked> options = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>();
    private final Map<String, String> unfit = new java.util.LinkedHashMap<>();
    private final List<Option> single = new ArrayList<>();
    private final List<Search.Half> prompts = new ArrayList<>();
    private final List<Search.Half> answers = new ArrayList<>();

    private Gathering(Search search, Request request, Rulings rules) {
      this.search = search;
      this.request = request;
      this.rules = rules;
    }

    private boolean isOpen(Decision decision) {
      return switch (decision.verdict()) {
        case ALLOWED -> true;
        case NEEDS_REASON -> request.withReason();
        case DENIED -> false;
      };
    }

    private void add(Chip chip) {
      if (!Hardware.isKnown(chip)) {
        unfit.put(chip.name(), missing(chip));
        return;
      }
      // shares of vendors are asked when the whole placement is known
      Decision first = rules.of(chip, 1, 0, 1);
      if (!isOpen(first)) {
        refused.add(new Refused(chip, first));
        return;
      }
      Work suited = Search.suited(request.work(), chip, request.weights());
      try {
        Optional<Option> together = search.together(chip, suited);
        together.ifPresentOrElse(
            this::addSingle, () -> unfit.put(chip.name(), search.whyNot(chip, suited)));
        search.prompts(chip, suited).ifPresent(prompts::add);
        search.answers(chip, suited).ifPresent(answers::add);
      } catch (PlanException e) {
        unfit.put(chip.name(), String.valueOf(e.getMessage()));
      }
    }

    private static String missing(Chip chip) {
      List<String> gaps = new ArrayList<>();
      for (var quantity :
          List.of(
              dev.bascule.plan.catalogue.Quantity.BF16_TFLOPS,
              dev.bascule.plan.catalogue.Quantity.MEMORY_GB,
              dev.bascule.plan.catalogue.Quantity.MEMORY_GBPS)) {
        if (!chip.has(quantity)) {
          gaps.add(quantity.column());
        }
      }
      return "no source gives " + String.join(", ", gaps) + " (" + chip.row().place() + ")";
    }

    private void addSingle(Option option) {
      single.add(option);
      addIfAllowed(option);
    }

    /** The cheapest of different vendors, two and two. */
    private void mix() {
      List<Option> leading =
          single.stream()
              .filter(option -> option.usdPerMillion().isPresent())
              .sorted(
                  Comparator.comparingDouble(
                      option -> option.usdPerMillion().orElseThrow().value()))
              .limit(HALVES_MAX)
              .toList();
      for (int i = 0; i < leading.size(); i++) {
        for (int j = i + 1; j < leading.size(); j++) {
          search.mixed(leading.get(i), leading.get(j)).ifPresent(this::addIfAllowed);
        }
      }
    }

    /** Costs add, so the best pairs are made of the best halves. */
    private void join() {
      for (Search.Half reading : search.leading(prompts, HALVES_MAX)) {
        for (Search.Half answering : search.leading(answers, HALVES_MAX)) {
          search.apart(reading, answering).ifPresent(this::addIfAllowed);
        }
      }
    }

    /** Asks the rules again, now that the number of chips is known. */
    private void addIfAllowed(Option option) {
      Map<String, Decision> decisions = new java.util.LinkedHashMap<>();
      for (Chip chip : option.kinds()) {
        int own = option.chips(pool -> pool.chip().equals(chip));
        int vendors = option.chips(pool -> pool.chip().vendor().equals(chip.vendor()));
        decisions.put(chip.name(), rules.of(chip, own, vendors, option.chips()));
      }
      if (decisions.values().stream().allMatch(this::isOpen)) {
        options.add(new Ranked(option, decisions));
      } else if (option.pools().size() == 1) {
        Chip chip = option.pools().getFirst().chip();
        refused.add(new Refused(chip, decisions.values().iterator().next()));
      }
    }
  }
}
