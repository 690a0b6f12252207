package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * {@code x^y = 2^(y log2 |x|)}, the logarithm as an unevaluated sum of two floats (Dekker, 1971).
 *
 * <p>|x| = 2^e m; m times 5/4, 1 or 3/4 is near 1, and r = m factor - 1 still exact. With s = r /
 * (2 + r), divided to double precision by one division and two residuals, log2(1 + r) = s (c + s^2
 * (c/3 + s^2 P(s^2))), c = 2/ln 2; |s| stays below 0.075, so that only the first two products need
 * both their parts. e and a short log2 of the factor add exactly.
 *
 * <p>Largest errors: 1.15 ulp (f32), 0.92 (f64), of random pairs, most of them where |y log2 x| is
 * largest.
 */
final class Power {
  /** ((log2((1 + s) / (1 - s)) / s - c) / s^2 - c/3) / s^2 in powers of s^2 for |s| < 0.0745. */
  private static final Series LOG2 =
      Series.single(0x1.277604p-1, 0x1.a8f2eap-2)
          .inDouble(
              0x1.2776c50ef9e4bp-1,
              0x1.a61762a5a01f6p-2,
              0x1.484b1926efa46p-2,
              0x1.0c94277e3b383p-2,
              0x1.cdbedd3ea3eeep-3);

  private Power() {}

  /** An unevaluated sum, low below half a unit in the last place of high. */
  private record Sum(Term high, Term low) {}

  static Term pow(Formula f, Term x, Term y) {
    Term size = f.abs(x);
    Sum log = log2(f, size);
    Term high = f.mul(y, log.high);
    Term low = f.fma(y, log.low, f.fma(y, log.high, f.neg(high)));
    Term magnitude = exp2(f, high, low);
    Term isOne = f.or(f.eq(y, f.number(0)), f.eq(size, f.number(1)));
    magnitude = f.select(isOne, f.number(1), magnitude);
    Term whole = f.eq(f.roundEven(y), y);
    Term half = f.mul(y, f.number(0.5));
    Term odd = f.and(whole, f.not(f.eq(f.roundEven(half), half)));
    Term signed = f.flip(magnitude, f.select(odd, f.signOf(x), f.word(0)));
    Term negative = f.and(f.lt(x, f.number(0)), f.lt(f.number(Double.NEGATIVE_INFINITY), x));
    return f.select(f.and(negative, f.not(whole)), f.number(Double.NaN), signed);
  }

  /** log2 of a value that is not negative; of 0, infinity and NaN high alone means something. */
  private static Sum log2(Formula f, Term x) {
    Logarithm.Split split = Logarithm.split(f, x);
    Term below = f.lt(split.m(), f.number(0.8984375));
    Term above = f.lt(f.number(1.1484375), split.m());
    Term factor = f.select(below, f.number(1.25), f.select(above, f.number(0.75), f.number(1)));
    // -log2 of the factor, with so few bits that the exponent can be added exactly, and the rest
    Term shift =
        either(
            f,
            below,
            f.number(-0x1.49a8p-2, -0x1.49a784bcd0000p-2),
            above,
            f.number(0x1.a9p-2, 0x1.a8ff971810000p-2));
    Term shiftRest =
        either(
            f,
            below,
            f.number(0x1.ed0cbap-20, -0x1.b8afe492bf6ffp-42),
            above,
            f.number(-0x1.a39fbep-20, 0x1.4bc302ffa76fbp-43));
    Term exponent = f.fma(split.exponent(), f.number(Logarithm.exponentUnit(f)), shift);
    Sum near = log2Near1(f, f.fma(split.m(), factor, f.number(-1)));
    Term sum = f.add(exponent, near.high);
    Term rest = f.add(f.sub(near.high, f.sub(sum, exponent)), f.add(near.low, shiftRest));
    Term high = f.add(sum, rest);
    Term low = f.sub(rest, f.sub(high, sum));
    high = f.select(f.lt(x, f.number(Double.POSITIVE_INFINITY)), high, x);
    high = f.select(f.eq(x, f.number(0)), f.number(Double.NEGATIVE_INFINITY), high);
    return new Sum(high, low);
  }

  private static Term either(Formula f, Term first, Term a, Term second, Term b) {
    return f.select(first, a, f.select(second, b, f.number(0)));
  }

  /** log2(1 + r) for an r below 0.16 in size; low may be as large as high/500. */
  private static Sum log2Near1(Formula f, Term r) {
    Term two = f.number(2);
    Term d = f.add(r, two);
    Term dRest = f.add(f.sub(two, d), r);
    Term inverse = f.div(f.number(1), d);
    Term s = f.mul(r, inverse);
    Term minus = f.neg(s);
    Term sRest = f.mul(f.fma(minus, dRest, f.fma(minus, d, r)), inverse);
    Term c = f.number(0x1.715476p+1, 0x1.71547652b82fep+1);
    Term cRest = f.number(0x1.4ae0c0p-25, 0x1.777d0ffda0d24p-55);
    Term high = f.mul(s, c);
    Term low = f.fma(s, c, f.neg(high));
    low = f.fma(s, cRest, low);
    low = f.fma(sRest, c, low);
    return addCubic(f, s, sRest, new Sum(high, low));
  }

  /** {@code sum + s^3 (c/3 + s^2 P(s^2))}, the product s^3 c/3 in two parts. */
  private static Sum addCubic(Formula f, Term s, Term sRest, Sum sum) {
    Term square = f.mul(s, s);
    Term squareRest = f.fma(f.add(s, s), sRest, f.fma(s, s, f.neg(square)));
    Term c = f.number(0x1.ec709ep-1, 0x1.ec709dc3a03fdp-1);
    Term cRest = f.number(-0x1.e2fe02p-28, 0x1.d27f05548af0cp-55);
    Term slope = f.mul(square, c);
    Term slopeRest = f.fma(square, c, f.neg(slope));
    slopeRest = f.fma(squareRest, c, slopeRest);
    slopeRest = f.fma(square, f.fma(square, f.polynomial(square, LOG2), cRest), slopeRest);
    Term cubic = f.mul(s, slope);
    Term cubicRest = f.fma(s, slope, f.neg(cubic));
    cubicRest = f.fma(sRest, slope, cubicRest);
    cubicRest = f.fma(s, slopeRest, cubicRest);
    Term high = f.add(sum.high, cubic);
    Term rest = f.add(f.sub(sum.high, high), cubic);
    return new Sum(high, f.add(rest, f.add(cubicRest, sum.low)));
  }

  /** 2^(high + low), saturated. */
  private static Term exp2(Formula f, Term high, Term low) {
    Term rounder = f.rounder(2L * f.bias());
    Term biased = f.add(high, rounder);
    Term r = f.add(f.sub(high, f.sub(biased, rounder)), low);
    Term p = f.fma(f.polynomial(r, Exponential.EXP2), r, f.number(1));
    Term scaled = Exponential.scale(f, p, biased);
    Term above = f.lt(f.number(128, 1024), high);
    Term limited = f.select(above, f.number(Double.POSITIVE_INFINITY), scaled);
    return f.select(f.lt(high, f.number(-150, -1075)), f.number(0), limited);
  }
}
