package dev.bascule.core.elementary;

/**
 * Values in f64 of functions that StrictMath lacks, good to about 1e-14: a millionth of an ulp of
 * f32. And errors in units in the last place.
 */
final class Truth {
  private Truth() {}

  static double log2(double x) {
    return StrictMath.log(x) / StrictMath.log(2);
  }

  static double asinh(double x) {
    double a = Math.abs(x);
    double log =
        a > 1e9
            ? StrictMath.log(a) + StrictMath.log(2)
            : StrictMath.log1p(a + a * a / (1 + Math.sqrt(a * a + 1)));
    return Math.copySign(log, x);
  }

  static double acosh(double x) {
    double t = x - 1;
    if (x < 1) {
      return Double.NaN;
    }
    return x > 1e9
        ? StrictMath.log(x) + StrictMath.log(2)
        : StrictMath.log1p(t + Math.sqrt(2 * t + t * t));
  }

  static double atanh(double x) {
    double a = Math.abs(x);
    return Math.copySign(StrictMath.log1p(2 * a / (1 - a)) / 2, x);
  }

  /**
   * erf: for small x the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (1 3 .. (2n+1)), whose terms
   * are all positive (Abramowitz and Stegun 7.1.6); beyond 3 the continued fraction of erfc
   * (7.1.14).
   */
  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(x) || a == 0) {
      return x;
    }
    if (a > 6) {
      return Math.copySign(1, x);
    }
    double scale = StrictMath.exp(-a * a) / Math.sqrt(Math.PI);
    if (a > 3) {
      double fraction = a;
      for (int n = 60; n > 0; n--) {
        fraction = a + n / 2.0 / fraction;
      }
      return Math.copySign(1 - scale / fraction, x);
    }
    double term = a;
    double sum = a;
    for (int n = 1; term > sum * 0x1p-56; n++) {
      term *= 2 * a * a / (2 * n + 1);
      sum += term;
    }
    return Math.copySign(2 * scale * sum, x);
  }

  /** The error of {@code result}, infinite where kind or sign are wrong. */
  static double ulps(float result, double truth) {
    boolean overflows = Math.abs(truth) >= 0x1.ffffffp127;
    return ulps(result, overflows ? Math.copySign(Double.POSITIVE_INFINITY, truth) : truth, 0, 24);
  }

  /**
   * The error of {@code result} against {@code high + low}, infinite where kind or sign are wrong.
   */
  static double ulps(double result, double high, double low) {
    return ulps(result, high, low, 53);
  }

  private static double ulps(double result, double high, double low, int precision) {
    double limit = precision == 24 ? 0x1p127 : Double.MAX_VALUE;
    if (Double.isNaN(high) || Double.isNaN(result)) {
      return Double.isNaN(high) && Double.isNaN(result) ? 0 : Double.POSITIVE_INFINITY;
    }
    boolean sameSign = Math.copySign(1, result) == Math.copySign(1, high);
    if (Double.isInfinite(high) || high == 0) {
      return result == high && sameSign ? 0 : Double.POSITIVE_INFINITY;
    }
    if (!sameSign || (Double.isInfinite(result) && Math.abs(high) < limit)) {
      return Double.POSITIVE_INFINITY;
    }
    double finite = Double.isInfinite(result) ? Math.copySign(0x1p128, result) : result;
    int smallest = precision == 24 ? Float.MIN_EXPONENT : Double.MIN_EXPONENT;
    int exponent = Math.max(Math.getExponent(high), smallest);
    return Math.abs((finite - high) - low) / Math.scalb(1.0, exponent - precision + 1);
  }
}
