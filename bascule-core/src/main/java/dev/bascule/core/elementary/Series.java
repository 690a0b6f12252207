package dev.bascule.core.elementary;

/**
 * Coefficients of a minimax polynomial, lowest power first, for each float format. They were fitted
 * with Remez exchange in 140 to 260 bits, rounded to the format one after another from the lowest
 * power on, the remaining ones fitted anew each time.
 */
final class Series {
  private final double[] inSingle;
  private final double[] inDouble;

  private Series(double[] inSingle, double[] inDouble) {
    this.inSingle = inSingle;
    this.inDouble = inDouble;
  }

  static Series single(double... coefficients) {
    return new Series(coefficients, new double[0]);
  }

  Series inDouble(double... coefficients) {
    return new Series(inSingle, coefficients);
  }

  int degree(boolean single) {
    return (single ? inSingle : inDouble).length - 1;
  }

  double coefficient(boolean single, int power) {
    return (single ? inSingle : inDouble)[power];
  }
}
