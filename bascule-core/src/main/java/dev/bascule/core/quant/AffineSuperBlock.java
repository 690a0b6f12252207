package dev.bascule.core.quant;

/**
 * The search for a q4_k or q5_k block with little squared error: x is about (d scale) q - (dmin
 * minimum), with whole scales and minima from 0 to 63 for each of 8 sub-blocks.
 *
 * <p>The idea: first each sub-block alone. For a row of guesses of its step, its values are rounded
 * and the line through (q, x) is fitted by least squares; the best line stays. Then together: d and
 * dmin from the largest ones, and for each sub-block the whole scale and minimum that err least,
 * tried around the rounded ones on the values themselves; then d and dmin by least squares over the
 * whole block, and the choice again. All elements weigh the same: without data about activations,
 * an error costs the same wherever it is.
 */
final class AffineSuperBlock {
  private static final int SUBS = 8;
  private static final int SUB = 32;
  private static final int SCALE_MAX = 63;
  private static final int ROUNDS = 1;

  /**
   * Guesses of the step: the range in 0.4 levels more or less each time. Twice as many guesses and
   * two more rounds took another 0.2 % off the error of Gaussian numbers, for twice the time.
   */
  private static final int GUESSES_BELOW = 6;

  private static final int GUESSES_ABOVE = 5;
  private static final float GUESS_LEVELS = 0.4f;

  private final int levels;
  private final float[] values;
  private final int from;

  private final float[] steps = new float[SUBS];
  private final float[] minima = new float[SUBS];

  /** What is being tried. */
  private final int[] scale = new int[SUBS];

  private final int[] minimum = new int[SUBS];
  private float d;
  private float dmin;

  /** The best so far. */
  private final int[] bestScale = new int[SUBS];

  private final int[] bestMinimum = new int[SUBS];
  private float bestD;
  private float bestDmin;
  private double bestError = Double.POSITIVE_INFINITY;

  /** Fits 256 values from {@code from} on, with numbers from 0 to {@code levels}. */
  AffineSuperBlock(float[] values, int from, int levels) {
    this.values = values;
    this.from = from;
    this.levels = levels;
    for (int sub = 0; sub < SUBS; sub++) {
      fitAlone(sub);
    }
    d = Fit.f16(largest(steps) / SCALE_MAX);
    dmin = Fit.f16(largest(minima) / SCALE_MAX);
    for (int round = 0; round < ROUNDS; round++) {
      choose();
      refit();
    }
    choose();
  }

  float d() {
    return bestD;
  }

  float dmin() {
    return bestDmin;
  }

  int scale(int sub) {
    return bestScale[sub];
  }

  int minimum(int sub) {
    return bestMinimum[sub];
  }

  /** The number that stands for an element. */
  int number(int element) {
    int sub = element / SUB;
    float step = bestD * bestScale[sub];
    return step == 0
        ? 0
        : (int) quantised(values[from + element], 1 / step, bestDmin * bestMinimum[sub]);
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, value);
    }
    return largest;
  }

  private float quantised(float value, float inverse, float minimum) {
    return Fit.clip(Fit.round((value + minimum) * inverse), 0, levels);
  }

  private void fitAlone(int sub) {
    int start = from + sub * SUB;
    float low = 0;
    float high = values[start];
    double sum = 0;
    double squares = 0;
    for (int i = start; i < start + SUB; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
      sum += values[i];
      squares += (double) values[i] * values[i];
    }
    minima[sub] = -low;
    if (high <= low) {
      return;
    }
    steps[sub] = (high - low) / levels;
    double least = Double.POSITIVE_INFINITY;
    for (int guess = -GUESSES_BELOW; guess <= GUESSES_ABOVE; guess++) {
      least =
          fitLine(sub, low, (levels + guess * GUESS_LEVELS) / (high - low), sum, squares, least);
    }
  }

  /**
   * Rounds with a guessed step and fits the line; keeps it where its error is below {@code least}.
   */
  private double fitLine(
      int sub, float low, float inverse, double sum, double squares, double least) {
    int start = from + sub * SUB;
    float q1 = 0;
    float q2 = 0;
    float qx = 0;
    for (int i = start; i < start + SUB; i++) {
      float q = quantised(values[i], inverse, -low);
      q1 += q;
      q2 += q * q;
      qx += q * values[i];
    }
    double determinant = (double) SUB * q2 - (double) q1 * q1;
    if (determinant <= 0) {
      return least;
    }
    double step = (SUB * (double) qx - sum * q1) / determinant;
    double offset = (q2 * sum - (double) q1 * qx) / determinant;
    if (offset > 0) {
      offset = 0;
      step = qx / q2;
    }
    double error =
        squares
            + step * step * q2
            + SUB * offset * offset
            + 2 * (step * offset * q1 - step * qx - offset * sum);
    // of values so small that the guess is infinite the error is no number
    if (!(error < least) || step < 0) {
      return least;
    }
    steps[sub] = (float) step;
    minima[sub] = (float) -offset;
    return error;
  }

  /** Whole scales and minima under the present d and dmin, tried around the rounded ones. */
  private void choose() {
    double total = 0;
    for (int sub = 0; sub < SUBS; sub++) {
      total += choose(sub);
    }
    if (total < bestError) {
      bestError = total;
      bestD = d;
      bestDmin = dmin;
      System.arraycopy(scale, 0, bestScale, 0, SUBS);
      System.arraycopy(minimum, 0, bestMinimum, 0, SUBS);
    }
  }

  private float choose(int sub) {
    int nearScale = Fit.steps(steps[sub], d, 0, SCALE_MAX);
    int nearMinimum = Fit.steps(minima[sub], dmin, 0, SCALE_MAX);
    float least = Float.POSITIVE_INFINITY;
    for (int s = Math.max(0, nearScale - 1); s <= Math.min(SCALE_MAX, nearScale + 1); s++) {
      for (int m = Math.max(0, nearMinimum - 1); m <= Math.min(SCALE_MAX, nearMinimum + 1); m++) {
        float error = error(sub, d * s, dmin * m);
        if (error < least) {
          least = error;
          scale[sub] = s;
          minimum[sub] = m;
        }
      }
    }
    return least;
  }

  private float error(int sub, float step, float minimum) {
    int start = from + sub * SUB;
    float inverse = step == 0 ? 0 : 1 / step;
    float error = 0;
    for (int i = start; i < start + SUB; i++) {
      float difference = step * quantised(values[i], inverse, minimum) - minimum - values[i];
      error += difference * difference;
    }
    return error;
  }

  /** d and dmin that err least with the present whole numbers. */
  private void refit() {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double ax = 0;
    double bx = 0;
    for (int sub = 0; sub < SUBS; sub++) {
      float step = d * scale[sub];
      float inverse = step == 0 ? 0 : 1 / step;
      for (int i = from + sub * SUB; i < from + (sub + 1) * SUB; i++) {
        double a = scale[sub] * (double) quantised(values[i], inverse, dmin * minimum[sub]);
        double b = -minimum[sub];
        aa += a * a;
        ab += a * b;
        bb += b * b;
        ax += a * values[i];
        bx += b * values[i];
      }
    }
    double determinant = aa * bb - ab * ab;
    if (determinant > 0) {
      d = Fit.f16((float) Math.max(0, (ax * bb - bx * ab) / determinant));
      dmin = Fit.f16((float) Math.max(0, (bx * aa - ax * ab) / determinant));
    } else if (aa > 0) {
      d = Fit.f16((float) Math.max(0, ax / aa));
    }
  }
}
