package dev.bascule.plan.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.performance.Efficiency;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Sustained;
import dev.bascule.plan.performance.TrainingSpeed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.policy.Decision;
import dev.bascule.plan.policy.Decision.Verdict;
import dev.bascule.plan.policy.Rulings;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SearchTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();
  private static final Speed SPEED =
      new Speed(Efficiency.shipped(), new Sustained(CATALOGUE.chips()));
  private static final Decision OPEN = new Decision(Verdict.ALLOWED, List.of(), List.of());
  private static final Decision SHUT = new Decision(Verdict.DENIED, List.of(), List.of());

  private static Search search(double millis, int chips) {
    return new Search(
        CATALOGUE,
        SPEED,
        Cost.usual(),
        new Targets(millis / 1000, OptionalDouble.empty(), OptionalDouble.empty(), chips));
  }

  private static Work work(String model) {
    return new Work(CATALOGUE.model(model), Format.BF16, 2048, 1024);
  }

  private static Best best(Search search, Work work, Rulings rules, Best.Aim aim) {
    return Best.of(
        search,
        CATALOGUE.chips(),
        new Best.Request(work, Optional.empty(), aim, false, EnumSet.allOf(Best.Way.class)),
        rules,
        name -> {});
  }

  @Test
  void aBoundOnAVendorsShareLeavesMixedPlacements() {
    Best best =
        best(
            search(50, 64),
            work("Llama-3.1-70B"),
            (chip, n, ofVendor, all) -> ofVendor > 0.5 * all ? SHUT : OPEN,
            Best.Aim.CHEAPEST);
    assertThat(best.ranked())
        .isNotEmpty()
        .allSatisfy(ranked -> {
          List<Option.Pool> pools = ranked.option().pools();
          assertThat(pools).hasSize(2);
          assertThat(pools.getFirst().chips()).isEqualTo(pools.getLast().chips());
          assertThat(pools.getFirst().chip().vendor())
              .isNotEqualTo(pools.getLast().chip().vendor());
        });
  }

  @Test
  void everyPlacementMeetsItsTargets() {
    Best best =
        best(search(50, 256), work("R1"), (chip, n, ofVendor, all) -> OPEN, Best.Aim.CHEAPEST);
    assertThat(best.ranked())
        .isNotEmpty()
        .allSatisfy(ranked -> {
          assertThat(ranked.option().secondsPerToken().value()).isLessThanOrEqualTo(0.0501);
          assertThat(ranked.option().chips()).isLessThanOrEqualTo(256);
        });
    assertThat(best.ranked().getFirst().option().usdPerMillion()).isPresent();
  }

  @Test
  void cheapestFirstAndThoseOfUnknownCostLast() {
    Best best =
        best(
            search(50, 64),
            work("Llama-3.1-70B"),
            (chip, n, ofVendor, all) -> OPEN,
            Best.Aim.CHEAPEST);
    double before = 0;
    boolean unknown = false;
    for (Best.Ranked ranked : best.ranked()) {
      Optional<Figure> usd = ranked.option().usdPerMillion();
      unknown |= usd.isEmpty();
      assertThat(usd.isPresent() && unknown).as("a known cost behind an unknown one").isFalse();
      if (usd.isPresent()) {
        assertThat(usd.get().value()).isGreaterThanOrEqualTo(before);
        before = usd.get().value();
      } else {
        assertThat(ranked.option().costGap()).contains("is not known");
      }
    }
  }

  @Test
  void whatTheRulesDenyIsInNoPlacement() {
    Best best =
        best(
            search(50, 64),
            work("Llama-3.1-70B"),
            (chip, n, ofVendor, all) -> chip.vendor().equals("NVIDIA") ? SHUT : OPEN,
            Best.Aim.CHEAPEST);
    assertThat(best.ranked())
        .isNotEmpty()
        .allSatisfy(
            r -> assertThat(r.option().kinds()).noneMatch(c -> c.vendor().equals("NVIDIA")));
    assertThat(best.refused()).extracting(r -> r.chip().name()).contains("H20 96GB", "B200");
  }

  @Test
  void rulesAboutCountsSeeTheCountThatWasFound() {
    Best best =
        best(
            search(50, 64),
            work("R1"),
            (chip, n, ofVendor, all) -> n > 8 ? SHUT : OPEN,
            Best.Aim.MOST_PER_CHIP);
    assertThat(best.ranked())
        .isNotEmpty()
        .allSatisfy(r ->
            assertThat(r.option().pools())
                .allSatisfy(p -> assertThat(p.chips()).isLessThanOrEqualTo(8)));
  }

  @Test
  void aModelThatFitsNowhereSaysHowMuchIsMissing() {
    Best best =
        best(search(50, 1), work("R1"), (chip, n, ofVendor, all) -> OPEN, Best.Aim.CHEAPEST);
    assertThat(best.ranked()).isEmpty();
    assertThat(best.unfit().get("H100"))
        .isEqualTo("does not fit: 671 GB of fp8 weights, chips of 80 GB, at most 1 of them");
    assertThat(best.unfit().get("Ascend 910B4"))
        .matches("no source gives memory_gbps \\(chips.csv line \\d+\\)");
  }

  @Test
  void aTargetThatNothingMeetsSaysHowNearItComes() {
    Best best =
        best(
            search(0.5, 8),
            work("Llama-3.1-70B"),
            (chip, n, ofVendor, all) -> OPEN,
            Best.Aim.FASTEST);
    assertThat(best.unfit().get("H100")).matches("too slow: at best [\\d.]+ ms per token and .*");
  }

  @Test
  void moreTimeNeverMakesAnswersDearer() {
    double before = Double.MAX_VALUE;
    for (double millis : new double[] {15, 20, 30, 50, 100}) {
      double usd =
          search(millis, 8)
              .together(CATALOGUE.chip("H100"), work("Llama-3.1-70B").withWeights(Format.FP8))
              .orElseThrow()
              .usdPerMillion()
              .orElseThrow()
              .value();
      assertThat(usd).isLessThanOrEqualTo(before * 1.05);
      before = usd;
    }
  }

  @Test
  void twoPoolsKeepEachOtherBusyAndPayForTheMove() {
    Search search = search(50, 512);
    Work work = work("R1").withWeights(Format.FP8);
    Search.Half reading = search.prompts(CATALOGUE.chip("H800"), work).orElseThrow();
    Search.Half answering = search.answers(CATALOGUE.chip("H20"), work).orElseThrow();
    Option option = search.apart(reading, answering).orElseThrow();
    // 2048 tokens of 70272 bytes over 50 GB/s
    assertThat(option.moveSeconds()).isCloseTo(2048 * 70272 / 50e9, within(1e-12));
    Option.Pool prompts = option.pools().getFirst();
    Option.Pool answers = option.pools().getLast();
    double wanted = answering.rate().value() * answers.chips() * 2048 / 1024;
    assertThat(reading.rate().value() * prompts.chips()).isGreaterThanOrEqualTo(wanted * 0.999);
  }

  @Test
  void askedForARateTheCopiesAreMany() {
    Search search =
        new Search(
            CATALOGUE,
            SPEED,
            Cost.usual(),
            new Targets(0.05, OptionalDouble.empty(), OptionalDouble.of(100_000), 64));
    Option option =
        search
            .together(CATALOGUE.chip("H100"), work("Qwen3-8B").withWeights(Format.FP8))
            .orElseThrow();
    assertThat(option.total().value()).isGreaterThanOrEqualTo(100_000);
    assertThat(
            option.total().value()
                - option.rate().value() * option.pools().getFirst().layout().chips())
        .isLessThan(100_000);
  }

  @Test
  void anHourCostsThePriceOverTheYearsAndThePower() {
    Cost cost =
        new Cost(Figure.of(4), Figure.of(0.5), Figure.of(1.25), Figure.of(0.1), Figure.of(0.5));
    Figure hour = cost.usdPerHour(CATALOGUE.chip("H100"), CATALOGUE).orElseThrow();
    // 38,000 USD and half of it for the server over four years; 700 W and half of it, a quarter for
    // cooling
    assertThat(hour.value())
        .isCloseTo(38000 * 1.5 / 4 / 8766 + 0.7 * 1.5 * 1.25 * 0.1, within(1e-9));
    // at half use, 1000 tokens a second are 1.8 million an hour
    assertThat(cost.usdPerMillion(hour, Figure.of(1000)).value())
        .isCloseTo(hour.value() / 1.8, within(1e-9));
    assertThat(cost.usdPerHour(CATALOGUE.chip("TPU v6e"), CATALOGUE)).contains(Figure.of(2.70));
    assertThat(cost.usdPerHour(CATALOGUE.chip("MI325X"), CATALOGUE)).isEmpty();
    assertThat(cost.missing(CATALOGUE.chip("MI325X"), CATALOGUE))
        .isEqualTo("price (price_usd) of MI325X is not known");
  }

  /** Processor time, since the machine may be busy with other tests. */
  @Test
  void theWholeCatalogueIsSearchedInUnderFiveSeconds() {
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long start = clock.getCurrentThreadCpuTime();
    best(search(50, 512), work("R1"), (chip, n, ofVendor, all) -> OPEN, Best.Aim.CHEAPEST);
    assertThat((clock.getCurrentThreadCpuTime() - start) / 1e9).isLessThan(5);
  }

  @Test
  void trainingTakesTokensOverTokensPerSecond() {
    TrainingSpeed.Estimate run =
        TrainingSpeed.estimate(
            SPEED,
            CATALOGUE.chip("H800"),
            2048,
            CATALOGUE.model("DeepSeek-V3"),
            Format.FP8,
            4096,
            14.8e12);
    assertThat(run.days().value())
        .isCloseTo(14.8e12 / 86400 / run.tokensPerSecond().value(), within(1e-6));
    // the published run: 2.664 million hours on 2048 chips, 54.2 days
    assertThat(run.days().value()).isCloseTo(2.664e6 / 2048 / 24, within(6.0));
    assertThat(run.utilisation()).isBetween(0.33, 0.47);
    assertThat(run.fits()).isTrue();
  }
}
