package dev.bascule.certify;

import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import java.util.Arrays;

/**
 * How far numbers lie from others of the same shape.
 *
 * @param elements how many there are
 * @param differing how many have other bits; two NaNs count as equal
 * @param largest of the magnitudes of the differences; infinite where only one is a number
 * @param mean of the magnitudes of the differences
 * @param relative root mean square of the differences, as a part of that of the first numbers
 * @param largestFirst of the first numbers' magnitudes
 */
public record Difference(
    long elements,
    long differing,
    double largest,
    double mean,
    double relative,
    double largestFirst) {

  /** Whether no bit differs. */
  public boolean isNone() {
    return differing == 0;
  }

  /** The largest difference as a part of the largest number. */
  public double largestShare() {
    return largest == 0 ? 0 : largest / largestFirst;
  }

  static Difference of(Tensor first, Tensor second) {
    Sum sum = new Sum();
    sum.add(first, second);
    return sum.difference();
  }

  /** Adds up over several pairs of tensors. */
  static final class Sum {
    private long elements;
    private long differing;
    private double largest;
    private double total;
    private double squares;
    private double squaresFirst;
    private double largestFirst;

    void add(Tensor first, Tensor second) {
      if (!Arrays.equals(first.extents(), second.extents())) {
        throw new ShapeException(
            "certify: expected tensors of one shape, got " + first + " and " + second);
      }
      boolean sameType = first.dtype() == second.dtype();
      for (long i = 0; i < first.elements(); i++) {
        double a = first.number(i);
        double b = second.number(i);
        boolean nan = Double.isNaN(a) && Double.isNaN(b);
        boolean equal = nan || (sameType ? first.get(i) == second.get(i) : a == b);
        add(nan ? 0 : a, nan ? 0 : b, equal);
      }
    }

    private void add(double a, double b, boolean equal) {
      elements++;
      squaresFirst += a * a;
      largestFirst = Math.max(largestFirst, Math.abs(a));
      if (!equal) {
        double apart = a == b ? 0 : Math.abs(a - b);
        apart = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : apart;
        differing++;
        largest = Math.max(largest, apart);
        total += apart;
        squares += apart * apart;
      }
    }

    Difference difference() {
      return new Difference(
          elements,
          differing,
          largest,
          elements == 0 ? 0 : total / elements,
          squares == 0 ? 0 : Math.sqrt(squares / squaresFirst),
          largestFirst);
    }
  }
}
