package dev.bascule.core.quant;

/**
 * The search for a q6_k block with little squared error: x is about (d scale) q, with whole scales
 * from -128 to 127 for each of 16 sub-blocks and q from -32 to 31.
 *
 * <p>The same idea as {@link AffineSuperBlock}'s: each sub-block alone, by least squares for a row
 * of guesses of its step; then whole scales tried around the rounded ones, and d by least squares.
 */
final class SymmetricSuperBlock {
  private static final int SUBS = 16;
  private static final int SUB = 16;
  private static final int LOWEST = -32;
  private static final int HIGHEST = 31;
  private static final int SCALE_MIN = -128;
  private static final int SCALE_MAX = 127;
  private static final int ROUNDS = 1;

  /**
   * Guesses of the step: the largest value at 24 to 40 levels. Beyond 31 it is cut off, which pays
   * where it stands alone.
   */
  private static final int GUESSES = 8;

  private final float[] values;
  private final int from;
  private final float[] steps = new float[SUBS];

  private final int[] scale = new int[SUBS];
  private float d;

  private final int[] bestScale = new int[SUBS];
  private float bestD;
  private double bestError = Double.POSITIVE_INFINITY;

  /** Fits 256 values from {@code from} on. */
  SymmetricSuperBlock(float[] values, int from) {
    this.values = values;
    this.from = from;
    float extreme = 0;
    for (int sub = 0; sub < SUBS; sub++) {
      fitAlone(sub);
      if (Math.abs(steps[sub]) > Math.abs(extreme)) {
        extreme = steps[sub];
      }
    }
    // the largest one uses the end that reaches further
    d = Fit.f16(extreme / SCALE_MIN);
    for (int round = 0; round < ROUNDS; round++) {
      choose();
      refit();
    }
    choose();
  }

  float d() {
    return bestD;
  }

  int scale(int sub) {
    return bestScale[sub];
  }

  /** The number that stands for an element, from -32 to 31. */
  int number(int element) {
    float step = bestD * bestScale[element / SUB];
    return step == 0 ? 0 : (int) quantised(values[from + element], 1 / step);
  }

  private static float quantised(float value, float inverse) {
    return Fit.clip(Fit.round(value * inverse), LOWEST, HIGHEST);
  }

  private void fitAlone(int sub) {
    int start = from + sub * SUB;
    float extreme = 0;
    for (int i = start; i < start + SUB; i++) {
      if (Math.abs(values[i]) > Math.abs(extreme)) {
        extreme = values[i];
      }
    }
    if (extreme == 0) {
      return;
    }
    double most = 0;
    for (int guess = -GUESSES; guess <= GUESSES; guess++) {
      float inverse = (LOWEST - guess) / extreme;
      double qx = 0;
      double q2 = 0;
      for (int i = start; i < start + SUB; i++) {
        float q = quantised(values[i], inverse);
        qx += (double) q * values[i];
        q2 += q * q;
      }
      // least squares takes (qx)^2 / q2 off the error
      if (q2 > 0 && qx * qx > most * q2) {
        most = qx * qx / q2;
        steps[sub] = (float) (qx / q2);
      }
    }
  }

  private void choose() {
    double total = 0;
    for (int sub = 0; sub < SUBS; sub++) {
      int near = Fit.steps(steps[sub], d, SCALE_MIN, SCALE_MAX);
      float least = Float.POSITIVE_INFINITY;
      for (int s = Math.max(SCALE_MIN, near - 1); s <= Math.min(SCALE_MAX, near + 1); s++) {
        float error = error(sub, d * s);
        if (error < least) {
          least = error;
          scale[sub] = s;
        }
      }
      total += least;
    }
    if (total < bestError) {
      bestError = total;
      bestD = d;
      System.arraycopy(scale, 0, bestScale, 0, SUBS);
    }
  }

  private float error(int sub, float step) {
    int start = from + sub * SUB;
    float inverse = step == 0 ? 0 : 1 / step;
    float error = 0;
    for (int i = start; i < start + SUB; i++) {
      float difference = step * quantised(values[i], inverse) - values[i];
      error += difference * difference;
    }
    return error;
  }

  /** The d that errs least with the present whole numbers. */
  private void refit() {
    double aa = 0;
    double ax = 0;
    for (int sub = 0; sub < SUBS; sub++) {
      float step = d * scale[sub];
      float inverse = step == 0 ? 0 : 1 / step;
      for (int i = from + sub * SUB; i < from + (sub + 1) * SUB; i++) {
        double a = scale[sub] * (double) quantised(values[i], inverse);
        aa += a * a;
        ax += a * values[i];
      }
    }
    if (aa > 0) {
      d = Fit.f16((float) (ax / aa));
    }
  }
}
