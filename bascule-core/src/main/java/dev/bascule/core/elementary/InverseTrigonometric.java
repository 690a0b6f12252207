package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * The arc functions: odd polynomials near 0, and beyond a fold back to there: atan x = pi/2 - atan
 * 1/x, asin x = pi/2 - 2 asin sqrt((1-x)/2) (the latter from 9/16 on, where twice the arc is still
 * below 1). pi/2 has two parts, the lower one added to the arc before it is subtracted.
 *
 * <p>Largest errors: asin 1.34 ulp, acos 1.07, atan 1.39 (f32, all values).
 */
final class InverseTrigonometric {
  /** (atan(x)/x - 1) / x^2 as a polynomial in x^2 for x up to 1, relative to atan(x)/x. */
  private static final Series ATAN =
      Series.single(
              -0x1.55553ep-2,
              0x1.9991e4p-3,
              -0x1.242084p-3,
              0x1.c08c1ap-4,
              -0x1.580814p-4,
              0x1.da24cap-5,
              -0x1.fd6fbcp-6,
              0x1.6410e6p-7,
              -0x1.d32dbcp-10)
          .inDouble(
              -0x1.5555555555526p-2,
              0x1.99999999955aep-3,
              -0x1.249249237f3dfp-3,
              0x1.c71c717fc9af6p-4,
              -0x1.745d11ae17a73p-4,
              0x1.3b1366966671ap-4,
              -0x1.110e510c1c9c8p-4,
              0x1.e1bba55716122p-5,
              -0x1.ae5e6e9c0ca1fp-5,
              0x1.82dacb988c6c8p-5,
              -0x1.59a3e4799dc7ep-5,
              0x1.2c2e2f307613bp-5,
              -0x1.e9f995cd19786p-6,
              0x1.683c518c1ac17p-6,
              -0x1.c78f1964afa13p-7,
              0x1.d7b8638b6e5bbp-8,
              -0x1.7a39073589c43p-9,
              0x1.b3fa40a13c4f4p-11,
              -0x1.3f360b1e4255ep-13,
              0x1.bbed848ba0a08p-17);

  /** (asin(x)/x - 1) / x^2 as a polynomial in x^2 for x up to 9/16, relative to asin(x)/x. */
  private static final Series ASIN =
      Series.single(
              0x1.555526p-3,
              0x1.334932p-4,
              0x1.6a59a6p-5,
              0x1.169d94p-5,
              0x1.b9e730p-8,
              0x1.84fbf6p-5)
          .inDouble(
              0x1.55555555554d9p-3,
              0x1.3333333344528p-4,
              0x1.6db6db6084edbp-5,
              0x1.f1c721931c9aep-6,
              0x1.6e8b0be432be1p-6,
              0x1.1c59f92279c0ep-6,
              0x1.c87886894e10ep-7,
              0x1.84b9b0cd99d10p-7,
              0x1.fcfe7fc8920a9p-8,
              0x1.1e57c982238eep-6,
              -0x1.6293fd517a865p-6,
              0x1.18c4e01b2fb04p-4,
              -0x1.3a16e884d08b9p-4,
              0x1.e9c5ea5dc9112p-5);

  static final double HALF_PI_SINGLE = 0x1.921fb6p+0;
  static final double HALF_PI = 0x1.921fb54442d18p+0;
  static final double HALF_PI_REST_SINGLE = -0x1.777a5cp-25;
  static final double HALF_PI_REST = 0x1.1a62633145c07p-54;

  private InverseTrigonometric() {}

  static Term atan(Formula f, Term x) {
    Term size = f.abs(x);
    Term folded = f.lt(f.number(1), size);
    Term t = f.select(folded, f.div(f.number(1), size), size);
    Term arc = Hyperbolic.odd(f, t, ATAN);
    Term result = f.select(folded, f.sub(halfPi(f), f.sub(arc, halfPiRest(f, 1))), arc);
    return f.flip(result, f.signOf(x));
  }

  private static Term halfPi(Formula f) {
    return f.number(HALF_PI_SINGLE, HALF_PI);
  }

  private static Term halfPiRest(Formula f, double factor) {
    return f.number(HALF_PI_REST_SINGLE * factor, HALF_PI_REST * factor);
  }

  /** The arc sine of {@code inner} (|inner| at most 9/16), or of sqrt((1 - |x|)/2) where folded. */
  private record Arc(Term folded, Term value) {}

  private static Arc arc(Formula f, Term size, Term inner) {
    Term folded = f.lt(f.number(0.5625), size);
    Term halfLess = f.fma(f.number(-0.5), size, f.number(0.5));
    Term square = f.select(folded, halfLess, f.mul(size, size));
    Term t = f.select(folded, f.sqrt(halfLess), inner);
    return new Arc(folded, f.fma(f.polynomial(square, ASIN), f.mul(square, t), t));
  }

  static Term asin(Formula f, Term x) {
    Term size = f.abs(x);
    Arc arc = arc(f, size, size);
    Term far = f.fma(f.number(-2), f.sub(arc.value, halfPiRest(f, 0.5)), halfPi(f));
    return f.flip(f.select(arc.folded, far, arc.value), f.signOf(x));
  }

  /** pi/2 - asin x; where folded twice the arc, for negative x subtracted from pi. */
  static Term acos(Formula f, Term x) {
    Arc arc = arc(f, f.abs(x), x);
    Term less = f.sub(arc.value, halfPiRest(f, 1));
    Term pi = f.number(2 * HALF_PI_SINGLE, 2 * HALF_PI);
    Term left = f.fma(f.number(-2), less, pi);
    Term far = f.select(f.lt(x, f.number(0)), left, f.add(arc.value, arc.value));
    return f.select(arc.folded, far, f.sub(halfPi(f), less));
  }
}
