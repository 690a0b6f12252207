package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * The hyperbolic functions and their inverses.
 *
 * <p>tanh: with |x| = n ln(2)/2 + r, T = tanh r and E = 2^n the addition theorem gives tanh |x| = 1
 * - 2 (1 - T) / ((E + 1) + (E - 1) T): one polynomial, which serves |x| below atanh(1/2) directly,
 * and no exponential. One part of ln 2 suffices, because the error of r weighs less the larger n
 * is.
 *
 * <p>sinh and cosh come from h = e^|x|/2, scaled before it could overflow, as h -+ 1/(4h); the
 * inverses from log1p, as in fdlibm (Ng, 1993).
 *
 * <p>Largest errors: tanh 1.63 ulp, sinh 1.62, cosh 1.35, asinh 1.88, acosh 2.03, atanh 2.18 (f32,
 * all values).
 */
final class Hyperbolic {
  /** (tanh(x)/x - 1) / x^2 as a polynomial in x^2 for x up to atanh(1/2), relative to tanh(x)/x. */
  private static final Series TANH =
      Series.single(-0x1.55554ap-2, 0x1.110ceep-3, -0x1.b91e7ep-5, 0x1.58e518p-6, -0x1.9921a0p-8)
          .inDouble(
              -0x1.555555555554fp-2,
              0x1.111111111078fp-3,
              -0x1.ba1ba1b97c9aap-5,
              0x1.664f48593922bp-6,
              -0x1.226e2f0d1dfe2p-7,
              0x1.d6d29a6397b6fp-9,
              -0x1.7d8fc3be93c54p-10,
              0x1.348327a9fd0f1p-11,
              -0x1.e96a431fa675cp-13,
              0x1.5d642390e53c7p-14,
              -0x1.46e7fdd0bd1a5p-16);

  /** (sinh(x)/x - 1) / x^2 as a polynomial in x^2 for x up to 1, relative to sinh(x)/x. */
  private static final Series SINH =
      Series.single(0x1.555556p-3, 0x1.1110e0p-7, 0x1.a022bcp-13, 0x1.756c1ep-19)
          .inDouble(
              0x1.5555555555556p-3,
              0x1.111111111101ep-7,
              0x1.a01a01a037269p-13,
              0x1.71de3a3b06bcfp-19,
              0x1.ae646ff50dfe6p-26,
              0x1.6116f49de86c9p-33,
              0x1.b5c8988682c69p-41);

  /** Beyond it x^2 + 1 rounds to x^2, and x^2 does not overflow yet. */
  private static final double BIG = 0x1p60;

  private Hyperbolic() {}

  static Term tanh(Formula f, Term x) {
    Term one = f.number(1);
    Term size = f.abs(x);
    Term y = f.atMost(f.number(20), size); // the result is 1 well before
    Term rounder = f.rounder(f.bias());
    Term twoLog2e = f.number(2 * Exponential.LOG2E_SINGLE, 2 * Exponential.LOG2E);
    Term biased = f.fma(y, twoLog2e, rounder);
    Term n = f.sub(biased, rounder);
    Term halfLn2 = f.number(-Exponential.LN2_SINGLE / 2, -Exponential.LN2 / 2);
    Term near = f.lt(size, f.number(0x1.193ea8p-1));
    Term r = f.select(near, size, f.fma(n, halfLn2, y));
    Term t = odd(f, r, TANH);
    Term e = f.powerOf2(f.bits(biased));
    Term q = f.div(f.sub(one, t), f.fma(f.sub(e, one), t, f.add(e, one)));
    Term result = f.select(near, t, f.fma(f.number(-2), q, one));
    return f.flip(result, f.signOf(x));
  }

  /** {@code x + x^3 P(x^2)}. */
  static Term odd(Formula f, Term x, Series p) {
    Term square = f.mul(x, x);
    return f.fma(f.polynomial(square, p), f.mul(square, x), x);
  }

  static Term cosh(Formula f, Term x) {
    Term half = Exponential.exp(f, f.abs(x), -1);
    return f.add(half, f.div(f.number(0.25), half));
  }

  static Term sinh(Formula f, Term x) {
    Term size = f.abs(x);
    Term half = Exponential.exp(f, size, -1);
    Term far = f.sub(half, f.div(f.number(0.25), half));
    Term result = f.select(f.lt(size, f.number(1)), odd(f, size, SINH), far);
    return f.flip(result, f.signOf(x));
  }

  /** {@code log1p(|x| + x^2 / (1 + sqrt(x^2 + 1)))}, or log |x| + ln 2 where x is big. */
  static Term asinh(Formula f, Term x) {
    Term size = f.abs(x);
    Term square = f.mul(size, size);
    Term root = f.sqrt(f.add(square, f.number(1)));
    Term fraction = f.div(square, f.add(root, f.number(1)));
    Term result = logOr2(f, size, f.add(size, fraction));
    return f.flip(result, f.signOf(x));
  }

  /** {@code log1p(t + sqrt(2t + t^2))} with t = x - 1, or log x + ln 2 where x is big. */
  static Term acosh(Formula f, Term x) {
    Term t = f.sub(x, f.number(1));
    Term root = f.sqrt(f.fma(t, t, f.add(t, t)));
    Term result = logOr2(f, x, f.add(t, root));
    return f.select(f.lt(x, f.number(1)), f.number(Double.NaN), result);
  }

  private static Term logOr2(Formula f, Term x, Term less1) {
    Term big = f.lt(f.number(BIG), x);
    Term log = Logarithm.log1p(f, f.select(big, x, less1));
    Term ln2 = f.number(Exponential.LN2_SINGLE, Exponential.LN2);
    return f.add(log, f.select(big, ln2, f.number(0)));
  }

  /** {@code log1p(2|x| / (1 - |x|)) / 2}. */
  static Term atanh(Formula f, Term x) {
    Term size = f.abs(x);
    Term ratio = f.div(f.add(size, size), f.sub(f.number(1), size));
    Term result = f.mul(Logarithm.log1p(f, ratio), f.number(0.5));
    return f.flip(result, f.signOf(x));
  }
}
