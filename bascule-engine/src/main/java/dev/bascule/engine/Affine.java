package dev.bascule.engine;

import dev.bascule.core.Dim;
import java.util.ArrayList;
import java.util.List;

/**
 * An index as a function of a kernel's domain coordinates: {@code offset + sum(coordinate[k] *
 * factors[k])}. Factors that are not listed are 0, so that a domain may gain axes later.
 */
record Affine(Dim offset, List<Dim> factors) {
  static final Affine ZERO = new Affine(Dim.ZERO, List.of());

  Affine {
    List<Dim> kept = new ArrayList<>(factors);
    while (!kept.isEmpty() && kept.getLast().is(0)) {
      kept.removeLast();
    }
    factors = List.copyOf(kept);
  }

  /** The coordinate along {@code axis}. */
  static Affine coordinate(int axis) {
    List<Dim> factors = new ArrayList<>();
    for (int i = 0; i < axis; i++) {
      factors.add(Dim.ZERO);
    }
    factors.add(Dim.ONE);
    return new Affine(Dim.ZERO, factors);
  }

  Dim factor(int axis) {
    return axis < factors.size() ? factors.get(axis) : Dim.ZERO;
  }

  boolean dependsOn(int axis) {
    return !factor(axis).is(0);
  }

  Affine plus(Affine other) {
    List<Dim> sum = new ArrayList<>();
    for (int axis = 0; axis < Math.max(factors.size(), other.factors.size()); axis++) {
      sum.add(factor(axis).plus(other.factor(axis)));
    }
    return new Affine(offset.plus(other.offset), sum);
  }

  Affine plus(Dim constant) {
    return new Affine(offset.plus(constant), factors);
  }

  Affine times(Dim factor) {
    return new Affine(offset.times(factor), factors.stream().map(f -> f.times(factor)).toList());
  }

  /** True where this is exactly one coordinate. */
  boolean isCoordinate() {
    return offset.is(0)
        && factors.stream().filter(f -> !f.is(0)).count() == 1
        && factors.getLast().is(1);
  }

  /**
   * Quotient and remainder by {@code divisor}, or null where it cannot be shown that both are
   * affine.
   */
  @org.jspecify.annotations.Nullable
  Division divide(Dim divisor, List<Dim> domain) {
    if (divisor.is(1)) {
      return new Division(this, ZERO);
    }
    Affine quotient = ZERO;
    Affine remainder = ZERO;
    Dim whole = offset.exactQuotient(divisor);
    if (whole != null) {
      quotient = quotient.plus(whole);
    } else {
      remainder = remainder.plus(offset);
    }
    Dim largest = remainder.offset;
    for (int axis = 0; axis < factors.size(); axis++) {
      Dim factor = factors.get(axis);
      Dim part = factor.exactQuotient(divisor);
      if (part != null) {
        quotient = quotient.plus(coordinate(axis).times(part));
      } else {
        remainder = remainder.plus(coordinate(axis).times(factor));
        if (factor.min() < 0) {
          return null;
        }
        largest = largest.plus(factor.times(domain.get(axis).plus(-1)));
      }
    }
    boolean inside = remainder.offset.min() >= 0 && divisor.minus(largest).plus(-1).min() >= 0;
    return inside ? new Division(quotient, remainder) : null;
  }

  record Division(Affine quotient, Affine remainder) {}
}
