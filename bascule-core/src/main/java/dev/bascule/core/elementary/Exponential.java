package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class Exponential {
  private Exponential() {}

  /** (e^r - 1 - r) / r^2 over |r| <= ln(2)/2, relative to e^r. */
  static final double[] EXP_SINGLE = {
    0x1.fffffcp-2, 0x1.55548cp-3, 0x1.55585ap-5, 0x1.123d5cp-7, 0x1.6ab6bap-10
  };

  /** (e^r - 1 - r) / r^2 over |r| <= ln(2)/2, relative to e^r - 1. */
  static final double[] EXPM1_SINGLE = {
    0x1.fffffep-2, 0x1.555494p-3, 0x1.55574ep-5, 0x1.123e44p-7, 0x1.6b3a30p-10
  };

  /** (e^r - 1 - r) / r^2 over |r| <= ln 2, relative to e^r - 1. */
  static final double[] EXPM1_WIDE_SINGLE = {
    0.5, 0x1.55555ep-3, 0x1.555560p-5, 0x1.110ad4p-7, 0x1.6c0f54p-10, 0x1.a58746p-13, 0x1.a4b266p-16
  };

  static final double[] EXP2_SINGLE = {
    0x1.62e430p-1, 0x1.ebfb94p-3, 0x1.c6af9ep-5, 0x1.3b6816p-7, 0x1.5ef4dep-10, 0x1.179a60p-13
  };

  static final double LOG2E = 0x1.71547652b82fep0;
  static final double LN2 = 0x1.62e42fefa39efp-1;
  static final double LN2_SINGLE = 0x1.62e430p-1;
  static final double LN2_REST_SINGLE = -0x1.05c610p-29;
  static final double LN2_REST = 0x1.abc9e3b39803fp-56;

  record Reduced(Term biased, Term n, Term r) {}

  static Reduced reduce(Formula f, Term y, int offset) {
    Term rounder = f.number(f.rounder(offset));
    Term biased = f.fma(y, f.number((float) LOG2E, LOG2E), rounder);
    Term n = f.sub(biased, rounder);
    Term r = f.fma(n, f.number(-LN2_SINGLE, -LN2), y);
    r = f.fma(n, f.number(-LN2_REST_SINGLE, -LN2_REST), r);
    return new Reduced(biased, n, r);
  }

  static Term scale(Formula f, Term p, Term biased) {
    Term i = f.bits(biased);
    Term half = f.shiftRight(i, 1);
    Term rest = f.sub(i, half);
    Term a = f.ofBits(f.shiftLeft(half, f.mantissaBits()));
    Term b = f.ofBits(f.shiftLeft(rest, f.mantissaBits()));
    return f.mul(f.mul(p, a), b);
  }

  static Term exp(Formula f, Term x) {
    return expTimes(f, x, 0);
  }

  /** e^x 2^k */
  static Term expTimes(Formula f, Term x, int k) {
    Term y = f.atLeast(-104, f.atMost(90, x));
    Reduced z = reduce(f, y, 2 * f.bias() + k);
    Term q = f.polynomial(z.r, EXP_SINGLE);
    Term p = f.fma(f.fma(q, z.r, f.number(1)), z.r, f.number(1));
    return scale(f, p, z.biased);
  }

  static Term exp2(Formula f, Term x) {
    Term y = f.atLeast(-151, f.atMost(129, x));
    Term rounder = f.number(f.rounder(2L * f.bias()));
    Term biased = f.add(y, rounder);
    Term r = f.sub(y, f.sub(biased, rounder));
    Term p = f.fma(f.polynomial(r, EXP2_SINGLE), r, f.number(1));
    return scale(f, p, biased);
  }

  static Term expm1(Formula f, Term x) {
    Term y = f.atLeast(-20, f.atMost(89, x));
    Term rounder = f.number(f.rounder(f.bias()));
    Term biased = f.fma(y, f.number((float) LOG2E / 2, LOG2E / 2), rounder);
    Term n = f.sub(biased, rounder);
    Term r = f.fma(n, f.number(-2 * LN2_SINGLE, -2 * LN2), y);
    r = f.fma(n, f.number(-2 * LN2_REST_SINGLE, -2 * LN2_REST), r);
    Term q = f.fma(f.polynomial(r, EXPM1_WIDE_SINGLE), f.mul(r, r), r);
    Term up = f.shiftLeft(f.bits(biased), f.mantissaBits());
    Term s = f.ofBits(up);
    Term down = f.ofBits(f.sub(f.word(2L * f.bias() << f.mantissaBits()), up));
    return f.mul(s, f.fma(s, q, f.sub(s, down)));
  }
}
