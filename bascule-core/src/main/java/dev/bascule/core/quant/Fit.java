package dev.bascule.core.quant;

/** Arithmetic that the searches for scales share. */
final class Fit {
  /** Added and taken away, it leaves a float of magnitude under 2^22 rounded to a whole number. */
  private static final float ROUNDER = 12_582_912f;

  private Fit() {}

  /** The nearest whole number, ties to even. */
  static float round(float value) {
    return value + ROUNDER - ROUNDER;
  }

  /** {@code value} within bounds; branches, since hardly any value is outside of them. */
  static float clip(float value, float min, float max) {
    if (value < min) {
      return min;
    }
    return value > max ? max : value;
  }

  /** {@code value} rounded to f16. */
  static float f16(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }

  /** The whole number nearest to {@code value / unit}, within bounds; 0 where the unit is 0. */
  static int steps(float value, float unit, int min, int max) {
    return unit == 0 ? 0 : (int) Math.max(min, Math.min(max, Math.rint(value / unit)));
  }
}
