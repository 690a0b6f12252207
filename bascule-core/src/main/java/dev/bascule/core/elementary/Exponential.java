package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * The exponentials: x = n ln 2 + r, so e^x = 2^n e^r with e^r a polynomial over |r| <= ln(2)/2. The
 * rounding to n adds 1.5 2^23 (f32), which leaves n, already biased, in the low bits of the sum; ln
 * 2 is subtracted in two parts (Cody and Waite, 1980), the first product exact in its fma. 2^n is
 * applied as two factors, because it may lie beyond the normal numbers while the result, a denormal
 * or the largest, does not: the first product is exact, the second rounds once.
 *
 * <p>Largest errors: exp 0.90 ulp, exp2 0.92, expm1 1.41 (f32, all values).
 */
final class Exponential {
  static final double LOG2E = 0x1.71547652b82fep0;
  static final double LOG2E_SINGLE = 0x1.715476p0;
  static final double LN2 = 0x1.62e42fefa39efp-1;
  static final double LN2_SINGLE = 0x1.62e430p-1;
  private static final double LN2_REST = 0x1.abc9e3b39803fp-56;
  private static final double LN2_REST_SINGLE = -0x1.05c610p-29;

  /** (e^r - 1 - r) / r^2 over |r| <= ln(2)/2, relative to e^r. */
  private static final Series EXP =
      Series.single(0x1.fffffcp-2, 0x1.55548cp-3, 0x1.55585ap-5, 0x1.123d5cp-7, 0x1.6ab6bap-10)
          .inDouble(
              0x1.000000000000ap-1,
              0x1.5555555555502p-3,
              0x1.5555555550600p-5,
              0x1.11111111251adp-7,
              0x1.6c16c184b7b6ap-10,
              0x1.a01a013bb4966p-13,
              0x1.a0199883dc5bdp-16,
              0x1.71def7c734ab7p-19,
              0x1.28aee5d61bca6p-22,
              0x1.add21aed0f8d1p-26);

  /** (2^r - 1) / r over |r| <= 1/2, relative to 2^r / r. */
  static final Series EXP2 =
      Series.single(
              0x1.62e430p-1,
              0x1.ebfb94p-3,
              0x1.c6af9ep-5,
              0x1.3b6816p-7,
              0x1.5ef4dep-10,
              0x1.179a60p-13)
          .inDouble(
              0x1.62e42fefa39efp-1,
              0x1.ebfbdff82c5a0p-3,
              0x1.c6b08d704a13dp-5,
              0x1.3b2ab6fba0d8dp-7,
              0x1.5d87fe78a17e6p-10,
              0x1.4309130c66b4fp-13,
              0x1.ffcbfc4169f28p-17,
              0x1.62bfcd74ae149p-20,
              0x1.b52591d0d4e6bp-24,
              0x1.e611d18f5543cp-28,
              0x1.e8a7da4c5c5b1p-32);

  /** (e^r - 1 - r) / r^2 over |r| <= ln 2, relative to (e^r - 1) / r^2. */
  private static final Series EXPM1 =
      Series.single(
              0.5,
              0x1.55555ep-3,
              0x1.555560p-5,
              0x1.110ad4p-7,
              0x1.6c0f54p-10,
              0x1.a58746p-13,
              0x1.a4b266p-16)
          .inDouble(
              0.5,
              0x1.5555555555552p-3,
              0x1.5555555555550p-5,
              0x1.1111111111914p-7,
              0x1.6c16c16c17f7ap-10,
              0x1.a01a019e7d14fp-13,
              0x1.a01a019d4bfe9p-16,
              0x1.71de3cbfda6d5p-19,
              0x1.27e4fe62d0916p-22,
              0x1.ae60a30387ebdp-26,
              0x1.1eea6f6c873b9p-29,
              0x1.63f4f458be9c3p-33,
              0x1.971434735879ap-37);

  private Exponential() {}

  static Term exp(Formula f, Term x) {
    return exp(f, x, 0);
  }

  /** {@code e^x 2^k} for a small k, rounded as exp is. */
  static Term exp(Formula f, Term x, int k) {
    // beyond the limits the result is 0 or infinite, and n would not fit
    Term y = f.atLeast(f.number(-104, -746), f.atMost(f.number(90, 712), x));
    Term rounder = f.rounder(2L * f.bias() + k);
    Term biased = f.fma(y, f.number(LOG2E_SINGLE, LOG2E), rounder);
    Term r = lessLn2(f, y, f.sub(biased, rounder), 1);
    Term q = f.fma(f.polynomial(r, EXP), r, f.number(1));
    return scale(f, f.fma(q, r, f.number(1)), biased);
  }

  static Term exp2(Formula f, Term x) {
    Term y = f.atLeast(f.number(-151, -1076), f.atMost(f.number(129, 1025), x));
    Term rounder = f.rounder(2L * f.bias());
    Term biased = f.add(y, rounder);
    Term r = f.sub(y, f.sub(biased, rounder));
    return scale(f, f.fma(f.polynomial(r, EXP2), r, f.number(1)), biased);
  }

  /**
   * {@code e^x - 1 = 4^m q + (4^m - 1)} with q = e^r - 1, as 2^m (2^m q + (2^m - 2^-m)): n is even
   * here, so that one factor serves twice, and |x| < ln 2 needs no reduction at all.
   */
  static Term expm1(Formula f, Term x) {
    // below the limit the result is -1
    Term y = f.atLeast(f.number(-40), f.atMost(f.number(90, 712), x));
    Term rounder = f.rounder(f.bias());
    Term biased = f.fma(y, f.number(LOG2E_SINGLE / 2, LOG2E / 2), rounder);
    Term r = lessLn2(f, y, f.sub(biased, rounder), 2);
    Term q = f.fma(f.polynomial(r, EXPM1), f.mul(r, r), r);
    Term power = f.powerOf2(f.bits(biased));
    Term one2 = f.word(2L * f.bias() << f.mantissaBits());
    Term inverse = f.ofBits(f.sub(one2, f.bits(power)));
    Term result = f.mul(power, f.fma(power, q, f.sub(power, inverse)));
    return f.select(f.eq(x, f.number(0)), x, result); // -0 of -0
  }

  /** {@code y - n factor ln 2}, ln 2 in two parts; the factor is 1 or 2. */
  private static Term lessLn2(Formula f, Term y, Term n, int factor) {
    Term r = f.fma(n, f.number(-LN2_SINGLE * factor, -LN2 * factor), y);
    return f.fma(n, f.number(-LN2_REST_SINGLE * factor, -LN2_REST * factor), r);
  }

  /** {@code p 2^n} where the low bits of {@code biased} hold n plus twice the bias. */
  static Term scale(Formula f, Term p, Term biased) {
    Term sum = f.bits(biased);
    Term half = f.shiftRight(sum, 1);
    Term rest = f.sub(sum, half);
    return f.mul(f.mul(p, f.powerOf2(half)), f.powerOf2(rest));
  }
}
