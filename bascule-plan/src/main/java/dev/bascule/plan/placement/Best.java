package dev.bascule.plan.placement;

import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.policy.Decision;
import dev.bascule.plan.policy.Decision.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
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

  /**
   * Searches.
   *
   * @param rules what they say of a chip, of which so many are asked for
   * @param withReason whether a reason was given for what needs one
   * @param progress hears the chip that is being tried
   */
  public static Best of(
      Search search,
      List<Chip> chips,
      Work work,
      Optional<Format> weights,
      Aim aim,
      BiFunction<Chip, Integer, Decision> rules,
      boolean withReason,
      boolean split,
      Consumer<String> progress) {
    Gathering gathering = new Gathering(search, work, weights, rules, withReason);
    for (Chip chip : chips) {
      progress.accept(chip.name());
      gathering.add(chip);
    }
    if (split) {
      gathering.join();
    }
    List<Ranked> ranked = gathering.options.stream().sorted(order(aim)).toList();
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
    private final Work work;
    private final Optional<Format> weights;
    private final BiFunction<Chip, Integer, Decision> rules;
    private final boolean withReason;
    private final List<Ranked> options = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>();
    private final Map<String, String> unfit = new java.util.LinkedHashMap<>();
    private final List<Search.Half> prompts = new ArrayList<>();
    private final List<Search.Half> answers = new ArrayList<>();

    private Gathering(
        Search search,
        Work work,
        Optional<Format> weights,
        BiFunction<Chip, Integer, Decision> rules,
        boolean withReason) {
      this.search = search;
      this.work = work;
      this.weights = weights;
      this.rules = rules;
      this.withReason = withReason;
    }

    private boolean isOpen(Decision decision) {
      return switch (decision.verdict()) {
        case ALLOWED -> true;
        case NEEDS_REASON -> withReason;
        case DENIED -> false;
      };
    }

    private void add(Chip chip) {
      if (!Hardware.isKnown(chip)) {
        unfit.put(chip.name(), missing(chip));
        return;
      }
      Decision first = rules.apply(chip, 1);
      if (!isOpen(first)) {
        refused.add(new Refused(chip, first));
        return;
      }
      Work suited = Search.suited(work, chip, weights);
      try {
        Optional<Option> together = search.together(chip, suited);
        together.ifPresentOrElse(
            this::addIfAllowed, () -> unfit.put(chip.name(), search.whyNot(chip, suited)));
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
        int count =
            option.pools().stream()
                .filter(pool -> pool.chip().equals(chip))
                .mapToInt(Option.Pool::chips)
                .sum();
        decisions.put(chip.name(), rules.apply(chip, count));
      }
      if (decisions.values().stream().allMatch(this::isOpen)) {
        options.add(new Ranked(option, decisions));
      } else if (!option.isSplit()) {
        Chip chip = option.pools().getFirst().chip();
        refused.add(new Refused(chip, decisions.values().iterator().next()));
      }
    }
  }
}
