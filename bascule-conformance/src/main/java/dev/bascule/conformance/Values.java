package dev.bascule.conformance;

import dev.bascule.core.Dim;

/** How the elements of an operand are drawn. */
public sealed interface Values {
  /** Rules that need no more than a dtype. */
  enum Spread implements Values {
    /** All that a dtype holds; NaN, infinities, -0, denormals and extremes far above chance. */
    ANY,
    /** Numbers near 1 in size, so that long sums and products stay finite. */
    MODERATE,
    /** Moderate, with a special value here and there. */
    SPIKED,
    /** Moderate and above zero. */
    POSITIVE
  }

  /** Indices into an axis: whole numbers in [0, extent). */
  record Below(Dim extent) implements Values {}
}
