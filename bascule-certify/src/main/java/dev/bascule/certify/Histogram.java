package dev.bascule.certify;

import dev.bascule.core.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * How many differences, second minus first, lie in each of equally wide bins.
 *
 * @param largest where the bins end, on both sides of 0; 0 where nothing differs
 * @param counts an odd number of them, the middle one around 0
 */
public record Histogram(double largest, List<Long> counts) {
  private static final int BINS = 41;

  public Histogram {
    counts = List.copyOf(counts);
  }

  static Histogram of(Tensor first, Tensor second, Difference difference) {
    double largest = Double.isFinite(difference.largest()) ? difference.largest() : 0;
    long[] counts = new long[BINS];
    for (long i = 0; i < first.elements(); i++) {
      double apart = second.number(i) - first.number(i);
      double place = largest == 0 ? 0 : apart / largest; // -1 to 1
      int bin = (int) Math.rint((place + 1) / 2 * (BINS - 1));
      counts[Math.clamp(bin, 0, BINS - 1)]++;
    }
    return new Histogram(largest, Arrays.stream(counts).boxed().toList());
  }
}
