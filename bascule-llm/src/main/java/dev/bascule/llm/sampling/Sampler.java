package dev.bascule.llm.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Chooses tokens, one after another. Chance comes from Philox under the seed and the token's
 * position alone, so that a generation which goes on elsewhere goes on alike. For one generation
 * and one thread at a time.
 */
public final class Sampler {
  /** Of probability, that top-p leaves out: with less, sums must be as exact as can be. */
  private static final double LEFT_MIN = 1e-6;

  private final Sampling sampling;
  private final int size;

  /** Of logits that are changed, or come from memory; empty until then. */
  private float[] copy = new float[0];

  /** Made when they are needed first. */
  private Optional<WeightSums> sums = Optional.empty();

  private final int[] counts;
  private final int[] window;
  private long accepted;

  /**
   * A sampler that has seen no token.
   *
   * @param vocabularySize how many logits there are
   */
  public Sampler(Sampling sampling, int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException(
          "sampler: expected one logit or more, got " + vocabularySize);
    }
    this.sampling = sampling;
    this.size = vocabularySize;
    boolean counted = !sampling.penalties().areOff();
    this.counts = new int[counted ? vocabularySize : 0];
    this.window = new int[counted ? sampling.penalties().window() : 0];
  }

  /** Tells of a token that stands in the text: of the prompt, or one that was chosen. */
  public void accept(int id) {
    if (counts.length > 0) {
      if (window.length > 0) {
        int slot = (int) (accepted % window.length);
        if (accepted >= window.length) {
          counts[window[slot]]--;
        }
        window[slot] = id;
      }
      counts[id]++;
    }
    accepted++;
  }

  /** Tells of several tokens. */
  public void accept(int... ids) {
    for (int id : ids) {
      accept(id);
    }
  }

  /** Chooses a token; whoever puts it into the text tells so by {@link #accept(int)}. */
  public int choose(float[] logits) {
    if (logits.length != size) {
      throw wrongCount(logits.length);
    }
    if (sampling.penalties().areOff()) {
      return chooseFrom(logits);
    }
    float[] changed = copy();
    System.arraycopy(logits, 0, changed, 0, size);
    penalize(changed);
    return chooseFrom(changed);
  }

  /** The same for f32 logits in memory. */
  public int choose(MemorySegment given) {
    if (given.byteSize() != (long) size * Float.BYTES) {
      throw wrongCount(given.byteSize() / Float.BYTES);
    }
    float[] logits = copy();
    MemorySegment.copy(given, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, logits, 0, size);
    penalize(logits);
    return chooseFrom(logits);
  }

  private IllegalArgumentException wrongCount(long got) {
    return new IllegalArgumentException("sampler: expected " + size + " logits, got " + got);
  }

  private float[] copy() {
    if (copy.length == 0) {
      copy = new float[size];
    }
    return copy;
  }

  private int chooseFrom(float[] logits) {
    if (sampling.temperature() == 0) {
      int first = Ranking.first(logits);
      requireFinite(logits[first]);
      return first;
    }
    if (sampling.topK() > 0 && sampling.topK() < size) {
      long[] ranked = Ranking.first(logits, sampling.topK());
      double highest = requireFinite(logits[Ranking.id(ranked[0])]);
      double sum = 0;
      for (long key : ranked) {
        sum += scaled(logits[Ranking.id(key)], highest);
      }
      return draw(logits, ranked, highest, enough(sum), enough(sum));
    }
    double highest = highest(logits);
    int quick = chooseQuickly(logits, highest);
    return quick >= 0 ? quick : chooseExactly(logits, highest);
  }

  /** By the sum of all weights as it is defined: one after the other. */
  int chooseExactly(float[] logits, double highest) {
    double sum = sum(logits, highest);
    if (!isCut()) {
      return drawFromAll(logits, highest, sum);
    }
    long[] ranked = Ranking.atLeast(logits, least(highest, sum));
    return draw(logits, ranked, highest, enough(sum), enough(sum));
  }

  /** The same token, from sums that are nearly right; or -1 where they are not enough to tell. */
  private int chooseQuickly(float[] logits, double highest) {
    double left = 1 - sampling.topP();
    if (!WeightSums.serves(highest, sampling.temperature()) || left > 0 && left < LEFT_MIN) {
      return -1;
    }
    WeightSums quick = sums.orElseGet(() -> new WeightSums(size));
    sums = Optional.of(quick);
    boolean needsSum = left > 0 || !isCut();
    double sum = needsSum ? quick.add(logits, highest, sampling.temperature()) : 1;
    if (!isCut()) {
      return quick.at(uniform(), logits);
    }
    double off = 2 * WeightSums.ERROR * sum;
    long[] ranked = Ranking.atLeast(logits, least(highest, sum - off));
    return draw(logits, ranked, highest, enough(sum - off), enough(sum + off));
  }

  /** The chance of the token that comes next. */
  private double uniform() {
    return Chance.uniform(sampling.seed(), accepted);
  }

  private boolean isCut() {
    return sampling.topP() < 1 || sampling.minP() > 0;
  }

  private double enough(double sum) {
    return sampling.topP() < 1 ? sampling.topP() * sum : Double.POSITIVE_INFINITY;
  }

  private void penalize(float[] logits) {
    Sampling.Penalties penalties = sampling.penalties();
    if (penalties.areOff()) {
      return;
    }
    for (int id = 0; id < counts.length; id++) {
      if (counts[id] > 0) {
        double logit = logits[id];
        logit = logit > 0 ? logit / penalties.repetition() : logit * penalties.repetition();
        logits[id] = (float) (logit - counts[id] * penalties.frequency() - penalties.presence());
      }
    }
  }

  /** The highest logit; there must be one, and none that is no number. */
  static double highest(float[] logits) {
    return requireFinite(logits[Ranking.first(logits)]);
  }

  private static double requireFinite(float highest) {
    if (!Float.isFinite(highest)) {
      throw new IllegalArgumentException(
          "sampler: expected logits with a finite maximum, got "
              + (Float.isNaN(highest) ? "NaN" : "a maximum of " + highest)
              + "; the model's numbers have overflowed, or its file is broken");
    }
    return highest;
  }

  private double scaled(float logit, double highest) {
    return Exponential.of((logit - highest) / sampling.temperature());
  }

  /**
   * A logit that every token has which top-p and min-p can leave: tokens less likely than (1 - p) /
   * n have together less than 1 - p, so that the others reach p without them.
   */
  private double least(double highest, double sum) {
    // half of it, since the sums are rounded
    double share = Math.max(sampling.minP(), sum * (1 - sampling.topP()) / (2.0 * size));
    double below =
        share > 0 ? Math.max(StrictMath.log(share), Exponential.LEAST) : Exponential.LEAST;
    // a little more, since logarithms and exponentials are rounded; each is judged exactly later
    return highest + (below - 1e-6) * sampling.temperature();
  }

  private double sum(float[] logits, double highest) {
    double sum = 0;
    for (float logit : logits) {
      sum += scaled(logit, highest);
    }
    return sum;
  }

  /**
   * Draws from tokens in order, after top-p and min-p; gives -1 where it is open at which token
   * top-p ends.
   *
   * @param enoughLeast the least that the weights may have together that top-p asks for
   * @param enoughMost the most
   */
  private int draw(
      float[] logits, long[] ranked, double highest, double enoughLeast, double enoughMost) {
    double[] weights = new double[ranked.length];
    int count = 0;
    double kept = 0;
    while (count < ranked.length && kept < enoughLeast) {
      weights[count] = scaled(logits[Ranking.id(ranked[count])], highest);
      if (weights[count] < sampling.minP()) {
        break;
      }
      kept += weights[count++];
    }
    if (kept >= enoughLeast && kept < enoughMost) {
      return -1;
    }
    double aim = uniform() * kept;
    int chosen = 0;
    double passed = weights[0];
    while (chosen + 1 < count && passed <= aim) {
      passed += weights[++chosen];
    }
    return Ranking.id(ranked[chosen]);
  }

  private int drawFromAll(float[] logits, double highest, double sum) {
    double aim = uniform() * sum;
    double passed = 0;
    int last = 0;
    for (int id = 0; id < logits.length; id++) {
      double weight = scaled(logits[id], highest);
      if (weight > 0) {
        passed += weight;
        last = id;
        if (passed > aim) {
          return id;
        }
      }
    }
    return last;
  }

  /** As it was made: no token seen. */
  public void reset() {
    Arrays.fill(counts, 0);
    accepted = 0;
  }
}
