package dev.bascule.llm.sampling;

/**
 * e to the power of numbers that are not positive, in nothing but IEEE additions and products: the
 * same bits on every JVM, which {@link Math#exp} does not promise, and several times faster than
 * {@link StrictMath#exp}. Its relative error is below 1e-13.
 */
final class Exponential {
  /** Below this a probability counts as nothing: 4e-18 of the likeliest token's. */
  static final double LEAST = -40;

  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN2_HIGH = 0.6931471803691238;
  private static final double LN2_LOW = 1.9082149292705877e-10;

  private Exponential() {}

  /** For x up to 0; 0 below {@link #LEAST}. */
  static double of(double x) {
    if (!(x >= LEAST)) {
      return 0;
    }
    int n = (int) (x * LOG2_E - 0.5); // rounds to the nearest, as x is not positive
    double r = x - n * LN2_HIGH - n * LN2_LOW; // |r| <= ln 2 / 2
    double p = 1.0 / 39916800; // Taylor's series to r^11
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    return p * Double.longBitsToDouble((long) (n + 1023) << 52);
  }
}
