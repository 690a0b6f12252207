package dev.bascule.llm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final long SEED = 11;

  private static RandomGenerator random() {
    System.out.println("seed " + SEED);
    return RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
  }

  /** Logits of which some are equal. */
  private static float[] logits(RandomGenerator random, int count) {
    float[] logits = new float[count];
    for (int i = 0; i < count; i++) {
      logits[i] = (float) (random.nextInt(200) / 10.0 - 10);
    }
    return logits;
  }

  /** The tokens that may come, in order, and their weights: as the definitions say, by sorting. */
  private static Map<Integer, Double> meaning(float[] logits, Sampling sampling) {
    List<Integer> ids =
        new ArrayList<>(
            IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer id) -> -logits[id]))
                .toList());
    if (sampling.topK() > 0) {
      ids = ids.subList(0, Math.min(sampling.topK(), ids.size()));
    }
    double highest = logits[ids.getFirst()];
    Map<Integer, Double> weights = new HashMap<>();
    ids.forEach(id -> weights.put(id, Math.exp((logits[id] - highest) / sampling.temperature())));
    double sum = weights.values().stream().mapToDouble(Double::doubleValue).sum();
    Map<Integer, Double> kept = new HashMap<>();
    double before = 0;
    for (int id : ids) {
      if (before < sampling.topP() * sum && weights.get(id) >= sampling.minP()) {
        kept.put(id, weights.get(id));
      }
      before += weights.get(id);
    }
    return kept;
  }

  private static Sampling random(RandomGenerator random, long seed) {
    return Sampling.at(0.3 + random.nextDouble() * 2, seed)
        .withTopK(random.nextBoolean() ? 0 : 1 + random.nextInt(40))
        .withTopP(random.nextBoolean() ? 1 : 0.1 + 0.89 * random.nextDouble())
        .withMinP(random.nextBoolean() ? 0 : 0.3 * random.nextDouble());
  }

  @Test
  void onlyTheTokensOfTheDefinitionsCome() {
    RandomGenerator random = random();
    for (int i = 0; i < 300; i++) {
      float[] logits = logits(random, 1 + random.nextInt(400));
      Sampling sampling = random(random, i);
      Map<Integer, Double> meaning = meaning(logits, sampling);
      Sampler sampler = new Sampler(sampling, logits.length);
      for (int j = 0; j < 40; j++) {
        int id = sampler.choose(logits);
        sampler.accept(id);
        assertThat(meaning).as("%s", sampling).containsKey(id);
      }
    }
  }

  @Test
  void tokensComeAsOftenAsTheirProbabilitySays() {
    RandomGenerator random = random();
    for (int i = 0; i < 12; i++) {
      float[] logits = logits(random, 50);
      Sampling sampling = random(random, i);
      Map<Integer, Double> meaning = meaning(logits, sampling);
      double sum = meaning.values().stream().mapToDouble(Double::doubleValue).sum();
      Sampler sampler = new Sampler(sampling, logits.length);
      int draws = 40_000;
      int[] came = new int[logits.length];
      for (int j = 0; j < draws; j++) {
        int id = sampler.choose(logits);
        sampler.accept(id);
        came[id]++;
      }
      meaning.forEach((id, weight) -> {
        double p = weight / sum;
        // five standard deviations, and a few for what nearly never comes
        double allowed = 5 * Math.sqrt(p * (1 - p) / draws) + 5.0 / draws;
        assertThat(came[id] / (double) draws).isCloseTo(p, within(allowed));
      });
    }
  }

  /** Of random distributions: flat, steep, with equal logits, with some that are impossible. */
  private static float[] wide(RandomGenerator random, int count) {
    float[] logits = new float[count];
    double spread = Math.exp(4 * random.nextDouble() - 2);
    double middle = 60 * random.nextDouble() - 30;
    boolean isRounded = random.nextBoolean();
    for (int i = 0; i < count; i++) {
      double logit = middle + spread * random.nextGaussian();
      logits[i] = (float) (isRounded ? Math.rint(logit) : logit);
      if (random.nextInt(50) == 0) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
    logits[random.nextInt(count)] = (float) (middle + 4 * spread);
    return logits;
  }

  @Test
  void quickSumsChooseTheTokenOfExactOnes() {
    RandomGenerator random = random();
    for (int i = 0; i < 400; i++) {
      float[] logits = wide(random, 1 + random.nextInt(i % 10 == 0 ? 30_000 : 3000));
      double temperature = i % 20 == 0 ? 1e-7 : 0.01 + 2 * random.nextDouble();
      Sampling sampling =
          Sampling.at(temperature, i)
              .withTopP(random.nextBoolean() ? 1 : 1 - Math.exp(-16 * random.nextDouble()) / 1.01)
              .withMinP(random.nextInt(3) > 0 ? 0 : 0.3 * random.nextDouble());
      Sampler sampler = new Sampler(sampling, logits.length);
      double highest = Sampler.highest(logits);
      for (int j = 0; j < 30; j++) {
        int id = sampler.choose(logits);
        assertThat(id).as("%s", sampling).isEqualTo(sampler.chooseExactly(logits, highest));
        sampler.accept(id);
      }
    }
  }

  @Test
  void quickSumsAreAsCloseAsTheySay() {
    RandomGenerator random = random();
    double farthest = 0;
    for (int i = 0; i < 300; i++) {
      float[] logits = wide(random, 1 + random.nextInt(3000));
      double temperature = 0.01 + 2 * random.nextDouble();
      double highest = Sampler.highest(logits);
      double sum = 0;
      for (float logit : logits) {
        sum += StrictMath.exp((logit - highest) / temperature);
      }
      double quick = new WeightSums(logits.length).add(logits, highest, temperature);
      farthest = Math.max(farthest, Math.abs(quick / sum - 1));
    }
    System.out.println("sums differ by " + farthest + " at most");
    assertThat(farthest).isLessThan(WeightSums.ERROR / 2);
  }

  @Test
  void greedyTakesTheLikeliestAndOfEqualOnesTheFirst() {
    Sampler sampler = new Sampler(Sampling.GREEDY, 4);
    assertThat(sampler.choose(new float[] {1, 3, 3, 2})).isEqualTo(1);
    assertThat(sampler.choose(new float[] {Float.NEGATIVE_INFINITY, -5, -7, -5})).isEqualTo(1);
  }

  @Test
  void equalSeedsGiveEqualTokensAndPositionsAloneMatter() {
    float[] logits = logits(random(), 100);
    Sampling sampling = Sampling.at(1, 42);
    Sampler first = new Sampler(sampling, 100);
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int id = first.choose(logits);
      first.accept(id);
      chosen.add(id);
    }
    Sampler later = new Sampler(sampling, 100);
    chosen.subList(0, 20).forEach(later::accept);
    for (int i = 20; i < 50; i++) {
      assertThat(later.choose(logits)).isEqualTo(chosen.get(i));
      later.accept(chosen.get(i));
    }
    Sampler other = new Sampler(Sampling.at(1, 43), 100);
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int id = other.choose(logits);
      other.accept(id);
      others.add(id);
    }
    assertThat(others).isNotEqualTo(chosen);
  }

  @Test
  void penaltiesCountTheWindow() {
    Sampling sampling = Sampling.GREEDY.with(new Sampling.Penalties(2, 0.5, 0.25, 2));
    Sampler sampler = new Sampler(sampling, 3);
    float[] logits = {4, 2.5f, -1};
    assertThat(sampler.choose(logits)).isZero();
    sampler.accept(0); // 4 / 2 - 0.5 - 0.25 = 1.25
    assertThat(sampler.choose(logits)).isEqualTo(1);
    sampler.accept(1);
    sampler.accept(1); // token 0 has left the window; 2.5 / 2 - 1 - 0.25 = 0
    assertThat(sampler.choose(logits)).isZero();
    Sampler negative = new Sampler(sampling, 2);
    negative.accept(0); // -1 * 2 - 0.75 = -2.75
    assertThat(negative.choose(new float[] {-1, -2.5f})).isEqualTo(1);
  }

  @Test
  void logitsMayLieInMemory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 5, 2);
      assertThat(new Sampler(Sampling.GREEDY, 3).choose(segment)).isEqualTo(1);
      assertThatThrownBy(() -> new Sampler(Sampling.GREEDY, 4).choose(segment))
          .hasMessageContaining("expected 4 logits, got 3");
    }
  }

  @Test
  void brokenLogitsAreSaid() {
    Sampler sampler = new Sampler(Sampling.GREEDY, 2);
    assertThatThrownBy(() -> sampler.choose(new float[] {1, Float.NaN}))
        .hasMessageContaining("got NaN");
    assertThatThrownBy(
            () -> sampler.choose(new float[] {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}))
        .hasMessageContaining("a maximum of -Infinity");
    assertThatThrownBy(() -> Sampling.at(-1, 0)).hasMessageContaining("a temperature from 0");
    assertThatThrownBy(() -> Sampling.GREEDY.withTopP(0)).hasMessageContaining("top-p above 0");
  }

  @Test
  void brokenLogitsAreSaidWhereverTheyLieAndHoweverTokensAreChosen() {
    List<Sampling> ways =
        List.of(
            Sampling.GREEDY,
            Sampling.at(1, 0),
            Sampling.at(1, 0).withTopK(1),
            Sampling.at(1, 0).withTopK(3),
            Sampling.at(1, 0).withTopP(0.5),
            Sampling.GREEDY.with(new Sampling.Penalties(2, 0, 0, 0)));
    for (Sampling sampling : ways) {
      for (int at = 0; at < 9; at++) {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          float[] logits = {4, 3, 5, -6, Float.NEGATIVE_INFINITY, 5, 0, 1, 7};
          logits[at] = broken;
          assertThatThrownBy(() -> new Sampler(sampling, 9).choose(logits))
              .as("%s, %s at %d", sampling, broken, at)
              .hasMessageContaining(Float.isNaN(broken) ? "got NaN" : "a maximum of Infinity");
        }
      }
    }
  }

  @Test
  void penaltiesLeaveTheGivenLogitsAsTheyAre() {
    float[] logits = {4, 2.5f, -1};
    Sampler sampler = new Sampler(Sampling.GREEDY.with(new Sampling.Penalties(2, 1, 1, 0)), 3);
    sampler.accept(0, 2);
    assertThat(sampler.choose(logits)).isEqualTo(1);
    assertThat(logits).containsExactly(4, 2.5f, -1);
  }

  @Test
  void logProbabilitiesAddUpToOne() {
    float[] logits = logits(random(), 300);
    List<LogProbability> all = LogProbability.likeliest(logits, 300);
    assertThat(all.stream().mapToDouble(p -> Math.exp(p.logProbability())).sum())
        .isCloseTo(1, within(1e-9));
    assertThat(all).isSortedAccordingTo(Comparator.comparingDouble(p -> -p.logProbability()));
    assertThat(LogProbability.likeliest(logits, 5)).isEqualTo(all.subList(0, 5));
    LogProbability one = LogProbability.of(logits, 7);
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    assertThat(one.logProbability()).isCloseTo(logits[7] - Math.log(sum), within(1e-9));
  }

  @Test
  void exponentialsAreThoseOfMathematics() {
    RandomGenerator random = random();
    for (int i = 0; i < 100_000; i++) {
      double x = -40 * random.nextDouble();
      assertThat(Exponential.of(x) / StrictMath.exp(x)).isCloseTo(1, within(1e-13));
    }
    assertThat(Exponential.of(0)).isEqualTo(1);
    assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
  }

  /** The known answers that come with Random123. */
  @Test
  void chanceIsPhilox() {
    assertThat(Chance.block(0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(Chance.block(-1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }
}
