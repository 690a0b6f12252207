package dev.bascule.bench;

import java.util.Arrays;

/** What is said of several times. */
final class Medians {
  private Medians() {}

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static double least(double... values) {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  /** The median of the quotients of neighbours, which slow drift of the machine does not touch. */
  static double ratio(double[] above, double[] below) {
    double[] ratios = new double[below.length];
    Arrays.setAll(ratios, i -> above[i] / below[i]);
    return median(ratios);
  }
}
