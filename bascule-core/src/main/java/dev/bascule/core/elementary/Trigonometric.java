package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * Sine, cosine and tangent of any argument: {@link Quadrant} reduces it exactly, and sine and
 * cosine polynomials over 0 to pi/4 serve, by quadrant, all three. What rounding took from the
 * reduced arc is added to the sine's small term.
 *
 * <p>Largest errors: sin 1.23 ulp, cos 1.22, tan 2.55 (f32, all values).
 */
final class Trigonometric {
  /** (sin(x)/x - 1) / x^2 as a polynomial in x^2 for x up to pi/4, relative to sin(x)/x. */
  private static final Series SIN =
      Series.single(-0x1.555546p-3, 0x1.110776p-7, -0x1.9952fap-13)
          .inDouble(
              -0x1.5555555555548p-3,
              0x1.111111110f730p-7,
              -0x1.a01a019be9211p-13,
              0x1.71de35552ab63p-19,
              -0x1.ae5e4b833b596p-26,
              0x1.5d8b555885f07p-33);

  /** (cos(x) - 1) / x^2 as a polynomial in x^2 for x up to pi/4, relative to cos(x). */
  private static final Series COS =
      Series.single(-0.5, 0x1.55554ap-5, -0x1.6c0c28p-10, 0x1.99e80cp-16)
          .inDouble(
              -0.5,
              0x1.555555555554bp-5,
              -0x1.6c16c16c1500dp-10,
              0x1.a01a019c8dd1dp-16,
              -0x1.27e4f7f0500b7p-22,
              0x1.1ee9dacb73100p-29,
              -0x1.8fa5ec761a283p-37);

  private Trigonometric() {}

  private static Term sine(Formula f, Quadrant q, Term square) {
    return f.add(q.arc(), f.fma(f.polynomial(square, SIN), f.mul(square, q.arc()), q.arcRest()));
  }

  private static Term cosine(Formula f, Term square) {
    return f.fma(f.polynomial(square, COS), square, f.number(1));
  }

  private static Term isEven(Formula f, Term quadrant) {
    return f.eq(f.and(quadrant, f.word(1)), f.word(0));
  }

  /** The lowest bit of {@code a} moved to the sign, above {@code a}'s other bits. */
  private static Term toSign(Formula f, Term a) {
    return f.shiftLeft(a, f.isSingle() ? 31 : 63);
  }

  static Term sin(Formula f, Term x) {
    Quadrant q = Quadrant.of(f, f.abs(x));
    return wave(f, q, q.number(), f.bits(x));
  }

  static Term cos(Formula f, Term x) {
    Quadrant q = Quadrant.of(f, f.abs(x));
    return wave(f, q, f.add(q.number(), f.word(1)), f.word(0));
  }

  /** The sine in the given quadrant, negated where {@code sign} has the sign bit. */
  private static Term wave(Formula f, Quadrant q, Term quadrant, Term sign) {
    Term square = f.mul(q.arc(), q.arc());
    Term sine = f.flip(sine(f, q, square), f.and(q.negative(), f.signMask()));
    Term size = f.select(isEven(f, quadrant), sine, cosine(f, square));
    Term flip = f.xor(toSign(f, f.shiftRight(quadrant, 1)), sign);
    return f.flip(size, f.and(flip, f.signMask()));
  }

  static Term tan(Formula f, Term x) {
    Quadrant q = Quadrant.of(f, f.abs(x));
    Term square = f.mul(q.arc(), q.arc());
    Term sine = sine(f, q, square);
    Term cosine = cosine(f, square);
    Term even = isEven(f, q.number());
    Term size = f.div(f.select(even, sine, cosine), f.select(even, cosine, sine));
    Term flip = f.xor(f.xor(toSign(f, q.number()), q.negative()), f.bits(x));
    return f.flip(size, f.and(flip, f.signMask()));
  }
}
