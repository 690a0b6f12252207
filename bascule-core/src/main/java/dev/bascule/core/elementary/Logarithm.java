package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;

/**
 * The logarithms: x = 2^e m with m in [sqrt(1/2), sqrt 2), split by integer arithmetic on the bits
 * (denormals are first scaled up), and log m = r - r^2/2 + r^3 P(r) with r = m - 1, which is exact.
 * e ln 2 is added in the last fma, so that nothing is lost where e is 0 and the result small.
 *
 * <p>log1p scales x instead of 1 + x: r = 2^-e x - (1 - 2^-e) with e from the rounded 1 + x, so
 * that the rounding of 1 + x costs nothing.
 *
 * <p>Largest errors: log 0.94 ulp, log2 1.21, log1p 1.50 (f32, all values).
 */
final class Logarithm {
  /** (log(1 + r) - r + r^2/2) / r^3 for 1 + r in [sqrt(1/2), sqrt 2), relative to log(1 + r). */
  private static final Series LOG =
      Series.single(
              0x1.555554p-2,
              -0x1.000228p-2,
              0x1.99a036p-3,
              -0x1.547226p-3,
              0x1.22d5f8p-3,
              -0x1.0d8076p-3,
              0x1.056bf2p-3,
              -0x1.38e8ecp-4)
          .inDouble(
              0x1.5555555555533p-2,
              -0x1.fffffffffef10p-3,
              0x1.999999999f7d0p-3,
              -0x1.555555566b69bp-3,
              0x1.24924922a06dcp-3,
              -0x1.ffffff2bd47b7p-4,
              0x1.c71c71e197b71p-4,
              -0x1.9999c271b6177p-4,
              0x1.745d3eeef327fp-4,
              -0x1.5550edb674c99p-4,
              0x1.3b0b8c28a3f44p-4,
              -0x1.24d75c27805c7p-4,
              0x1.11cce461051a6p-4,
              -0x1.fba09db1ebc3fp-5,
              0x1.d05b2d7d89a40p-5,
              -0x1.d1268a9dd7090p-5,
              0x1.0a633b24cdaa0p-4,
              -0x1.e9f4adab0df56p-5,
              0x1.ac5360ddeeefbp-6);

  /** (log2(1 + r) - r log2(e)) / r^2 on the same interval, relative to log2(1 + r). */
  private static final Series LOG2 =
      Series.single(
              -0x1.715470p-1,
              0x1.ec70c6p-2,
              -0x1.715b5cp-2,
              0x1.27725cp-2,
              -0x1.ea7540p-3,
              0x1.a4b108p-3,
              -0x1.8b7f7ap-3,
              0x1.74384cp-3,
              -0x1.96e0f4p-4)
          .inDouble(
              -0x1.71547652b8303p-1,
              0x1.ec709dc3a0355p-2,
              -0x1.71547652b68cap-2,
              0x1.2776c50efcc2dp-2,
              -0x1.ec709dc63f838p-3,
              0x1.a61762abc74d0p-3,
              -0x1.715475719a321p-3,
              0x1.484b117708fa3p-3,
              -0x1.2776eb53fd92cp-3,
              0x1.0c9b0643f8bbbp-3,
              -0x1.ec697e562fb99p-4,
              0x1.c6722abe22c13p-4,
              -0x1.a672881cf8f07p-4,
              0x1.8bd3ac524b9bbp-4,
              -0x1.6f69923178765p-4,
              0x1.4a39e17e550acp-4,
              -0x1.43808c76f6e2ep-4,
              0x1.86d90e879fe54p-4,
              -0x1.89fdade66954ap-4,
              0x1.732dfa3ff4fa7p-5);

  /** The bits of sqrt(1/2). */
  private static final int ROOT_SINGLE = 0x3f3504f3;

  private static final long ROOT_DOUBLE = 0x3fe6a09e667f3bcdL;

  private Logarithm() {}

  /** x = 2^exponent m; the exponent is counted in units of {@link #exponentUnit}. */
  record Split(Term exponent, Term m) {}

  /** Splits a positive finite x; of others the result means nothing. */
  static Split split(Formula f, Term x) {
    Term tiny = f.lt(x, f.number(0x1p-126, 0x1p-1022));
    Term scaled = f.select(tiny, f.mul(x, f.number(0x1p23, 0x1p52)), x);
    Term bits = f.bits(scaled);
    Term e = exponentField(f, f.sub(bits, f.word(ROOT_SINGLE, ROOT_DOUBLE)));
    double unit = exponentUnit(f);
    Term correction = f.select(tiny, f.number(-23 / unit, -52 / unit), f.number(0));
    return new Split(f.add(exponentToFloat(f, e), correction), f.ofBits(f.sub(bits, e)));
  }

  /** What one unit of a float made from an exponent field stands for. */
  static double exponentUnit(Formula f) {
    return f.isSingle() ? 0x1p-23 : 1;
  }

  private static Term exponentField(Formula f, Term bits) {
    return f.and(bits, f.word(0xff80_0000, 0xfff0_0000_0000_0000L));
  }

  /**
   * A signed exponent field as a float: f32 converts the field as it is, and so saves the shift.
   */
  private static Term exponentToFloat(Formula f, Term e) {
    if (f.isSingle()) {
      return f.convert(Primitive.I32_TO_F32, e);
    }
    int offset = 1025; // no exponent is below its negative
    Term positive = f.shiftRight(f.add(e, f.word((long) offset << 52)), 52);
    return f.sub(f.toFloat(positive), f.number(offset));
  }

  /** log(1 + r) for 1 + r in [sqrt(1/2), sqrt 2). */
  private static Term near1(Formula f, Term r) {
    Term q = f.fma(f.polynomial(r, LOG), r, f.number(-0.5));
    return f.fma(f.mul(r, r), q, r);
  }

  static Term log(Formula f, Term x) {
    Split s = split(f, x);
    Term result = f.fma(s.exponent, ln2(f, 1), near1(f, f.sub(s.m, f.number(1))));
    return limits(f, x, f.number(0), x, result);
  }

  /** ln 2 per unit of an exponent. */
  private static Term ln2(Formula f, int sign) {
    double unit = sign * exponentUnit(f);
    return f.number(Exponential.LN2_SINGLE * unit, Exponential.LN2 * unit);
  }

  static Term log2(Formula f, Term x) {
    Split s = split(f, x);
    Term r = f.sub(s.m, f.number(1));
    Term log2e = f.number(Exponential.LOG2E_SINGLE, Exponential.LOG2E);
    Term near1 = f.fma(r, log2e, f.mul(f.mul(r, r), f.polynomial(r, LOG2)));
    Term result = f.fma(s.exponent, f.number(exponentUnit(f)), near1);
    return limits(f, x, f.number(0), x, result);
  }

  static Term log1p(Formula f, Term x) {
    Term sum = f.add(x, f.number(1));
    // the field of -e, rounded so that 2^e is within the same bounds as in split; -e rather than e
    // keeps the sign of log1p(-0)
    Term ceiling = f.word(ROOT_SINGLE + 0x7f_ffff, ROOT_DOUBLE + 0xf_ffff_ffff_ffffL);
    Term down = exponentField(f, f.sub(ceiling, f.bits(sum)));
    Term four = f.word(0x4080_0000, 0x4010_0000_0000_0000L);
    Term scale = f.ofBits(f.add(four, down)); // 4 * 2^-e: 2^-e itself may be a denormal
    Term scaled = f.ofBits(f.add(f.bits(x), down));
    Term r = f.sub(scaled, f.fma(f.number(-0.25), scale, f.number(1)));
    Term result = f.fma(exponentToFloat(f, down), ln2(f, -1), near1(f, r));
    return limits(f, x, f.number(-1), sum, result);
  }

  /** {@code result} where x > pole is finite; the limits elsewhere; {@code atPole} is 0 there. */
  private static Term limits(Formula f, Term x, Term pole, Term atPole, Term result) {
    Term finite = f.select(f.lt(x, f.number(Double.POSITIVE_INFINITY)), result, x);
    Term below =
        f.select(
            f.eq(atPole, f.number(0)), f.number(Double.NEGATIVE_INFINITY), f.number(Double.NaN));
    return f.select(f.le(x, pole), below, finite);
  }
}
