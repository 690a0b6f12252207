package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class Logarithm {
  private Logarithm() {}

  static final double[] LOG_SINGLE = {
    0x1.555554p-2,
    -0x1.000228p-2,
    0x1.99a036p-3,
    -0x1.547226p-3,
    0x1.22d5f8p-3,
    -0x1.0d8076p-3,
    0x1.056bf2p-3,
    -0x1.38e8ecp-4
  };

  /** m in [sqrt(1/2), sqrt 2) less 1, and the exponent scaled by 2^mantissaBits, as a float */
  record Split(Term e, Term fraction) {}

  static Split split(Formula f, Term x) {
    Term tiny = f.lt(x, f.number(0x1p-126, 0x1p-1022));
    Term y = f.select(tiny, f.mul(x, f.number(0x1p23, 0x1p52)), x);
    Term i = f.bits(y);
    Term e = f.and(f.sub(i, f.word(0x3f3504f3)), f.word(0xff800000));
    Term m = f.ofBits(f.sub(i, e));
    Term exponent = f.add(f.wordToFloat(e), f.select(tiny, f.number(-23 * 0x1p23), f.number(0)));
    return new Split(exponent, f.sub(m, f.number(1)));
  }

  /** log(1 + r) for 1 + r in [sqrt(1/2), sqrt 2) */
  static Term near1(Formula f, Term r) {
    Term q = f.fma(f.polynomial(r, LOG_SINGLE), r, f.number(-0.5));
    return f.fma(f.mul(r, r), q, r);
  }

  /** result for positive finite x; the limits elsewhere */
  static Term limits(Formula f, Term x, Term result) {
    Term finite = f.select(f.lt(x, f.number(Double.POSITIVE_INFINITY)), result, x);
    Term nonPositive =
        f.select(f.eq(x, f.number(0)), f.number(Double.NEGATIVE_INFINITY), f.number(Double.NaN));
    return f.select(f.le(x, f.number(0)), nonPositive, finite);
  }

  static Term log(Formula f, Term x) {
    Split s = split(f, x);
    Term r = f.fma(s.e, f.number(Exponential.LN2_SINGLE * 0x1p-23), near1(f, s.fraction));
    return limits(f, x, r);
  }

  static final double[] LOG2_SINGLE = {
    -0x1.715470p-1,
    0x1.ec70c6p-2,
    -0x1.715b5cp-2,
    0x1.27725cp-2,
    -0x1.ea7540p-3,
    0x1.a4b108p-3,
    -0x1.8b7f7ap-3,
    0x1.74384cp-3,
    -0x1.96e0f4p-4
  };

  static Term log2(Formula f, Term x) {
    Split s = split(f, x);
    Term r = s.fraction;
    Term l =
        f.fma(
            r,
            f.number((float) Exponential.LOG2E),
            f.mul(f.mul(r, r), f.polynomial(r, LOG2_SINGLE)));
    return limits(f, x, f.fma(s.e, f.number(0x1p-23), l));
  }

  static Term log1p(Formula f, Term x) {
    Term u = f.add(x, f.number(1));
    Term down = f.and(f.sub(f.word(0x3f3504f3 + 0x7fffff), f.bits(u)), f.word(0xff800000));
    Term s = f.ofBits(f.add(f.word(0x40800000), down));
    Term m = f.ofBits(f.add(f.bits(x), down));
    Term r = f.sub(m, f.fma(f.number(-0.25), s, f.number(1)));
    Term l = f.fma(f.wordToFloat(down), f.number(-Exponential.LN2_SINGLE * 0x1p-23), near1(f, r));
    Term finite = f.select(f.lt(x, f.number(Double.POSITIVE_INFINITY)), l, x);
    Term edge =
        f.select(f.eq(u, f.number(0)), f.number(Double.NEGATIVE_INFINITY), f.number(Double.NaN));
    return f.select(f.le(x, f.number(-1)), edge, finite);
  }
}
