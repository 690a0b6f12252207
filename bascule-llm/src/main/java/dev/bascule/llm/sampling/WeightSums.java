package dev.bascule.llm.sampling;

/**
 * Sums of the weights of all tokens, several times faster than by {@link Exponential} and close
 * enough to choose by, save where a choice hangs on the last digits: a table has the exponential at
 * the thirty-seconds of an octave, and four terms of its series do the rest. For one sampler; one
 * thread uses it at a time.
 */
final class WeightSums {
  /**
   * By what part of it a sum of weights is off at most, rounding and weights below {@link
   * Exponential#LEAST} included: the fifth term of the series is below 6e-10.
   */
  static final double ERROR = 2e-9;

  private static final int BLOCK = 1024;
  private static final int STEPS_PER_OCTAVE = 32;
  private static final double LOG2_E = 1.4426950408889634;

  /** Where the table ends, at weight 1; it begins before the least weight that counts. */
  private static final int TOP = 58 * STEPS_PER_OCTAVE;

  private static final double BOTTOM = TOP + Exponential.LEAST * STEPS_PER_OCTAVE * LOG2_E;

  /** With larger products of logits the place in the table is not known well enough. */
  private static final double PLACE_MAX = 1e6;

  /** e to the power of one step's part, around the step's middle: c0 + c1 r + c2 r^2 + c3 r^3. */
  private static final double STEP = 1 / (STEPS_PER_OCTAVE * LOG2_E);

  private static final double C3 = STEP * STEP * STEP / 6;
  private static final double C2 = STEP * STEP / 2 - 1.5 * C3;
  private static final double C1 = STEP - STEP * STEP / 2 + 0.75 * C3;
  private static final double C0 = 1 - STEP / 2 + STEP * STEP / 8 - C3 / 8;

  private final double[] table = new double[TOP + 1];
  private final double[] blocks;
  private double scale;
  private double offset;
  private double total;

  WeightSums(int vocabularySize) {
    this.blocks = new double[Math.ceilDiv(vocabularySize, BLOCK)];
    for (int i = 0; i <= TOP; i++) {
      // at the middle of a step; the table's own function takes no positive numbers
      table[i] = Exponential.of((i - TOP - 0.5) * STEP) / Exponential.of(-STEP);
    }
  }

  /** Whether sums for such logits are as close as said. */
  static boolean serves(double highest, double temperature) {
    return (Math.abs(highest) + 1) * STEPS_PER_OCTAVE * LOG2_E / temperature < PLACE_MAX;
  }

  /** Adds up; gives the sum of all weights. */
  double add(float[] logits, double highest, double temperature) {
    scale = STEPS_PER_OCTAVE * LOG2_E / temperature;
    offset = TOP - highest * scale;
    total = 0;
    for (int block = 0; block < blocks.length; block++) {
      int from = block * BLOCK;
      blocks[block] =
          sum(logits, from, Math.min(from + BLOCK, logits.length), table, scale, offset);
      total += blocks[block];
    }
    return total;
  }

  private static double sum(
      float[] logits, int from, int to, double[] table, double scale, double offset) {
    double sum = 0;
    for (int id = from; id < to; id++) {
      double place = logits[id] * scale + offset;
      if (place >= BOTTOM) {
        int step = (int) place;
        double r = place - step;
        sum += table[step] * (C0 + C1 * r + r * r * (C2 + C3 * r));
      }
    }
    return sum;
  }

  /**
   * The first token up to which all have more than this share of the sum together; or -1 where that
   * is too close to say.
   */
  int at(double share, float[] logits) {
    double aim = share * total;
    double passed = 0;
    int block = 0;
    while (block < blocks.length - 1 && passed + blocks[block] <= aim) {
      passed += blocks[block++];
    }
    double unsure = 4 * ERROR * total;
    for (int id = block * BLOCK; id < Math.min((block + 1) * BLOCK, logits.length); id++) {
      double before = passed;
      passed += sum(logits, id, id + 1, table, scale, offset);
      if (passed > aim) {
        return aim - before > unsure && passed - aim > unsure ? id : -1;
      }
    }
    return -1;
  }
}
