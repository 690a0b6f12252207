package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * The error function: below 1.15 an odd polynomial, x + x P(x^2); beyond, 1 - Q(|x|)^4, where Q
 * fits the fourth root of erfc. The root falls so gently that one polynomial reaches from there to
 * where erf rounds to 1, and its rounding errors weigh little, since the power is subtracted from
 * 1; no exponential and no division are needed. (Powers of a polynomial: Abramowitz and Stegun
 * 7.1.28, with the division left out.)
 *
 * <p>Largest error: 1.40 ulp (f32, all values).
 */
final class ErrorFunction {
  /** erf(x)/x - 1 as a polynomial in x^2 for x up to 1.15, relative to erf(x)/x. */
  private static final Series NEAR =
      Series.single(
              0x1.06eba6p-3,
              -0x1.812700p-2,
              0x1.ce231ep-4,
              -0x1.b76648p-6,
              0x1.5025fcp-8,
              -0x1.8bb9aep-11,
              0x1.1036a2p-14)
          .inDouble(
              0x1.06eba8214db69p-3,
              -0x1.812746b037a1ep-2,
              0x1.ce2f21a044f58p-4,
              -0x1.b82ce313184bdp-6,
              0x1.565bcd2157575p-8,
              -0x1.c02db6f9992f0p-11,
              0x1.f9a373d66d127p-14,
              -0x1.f4d78f792cf89p-17,
              0x1.ba246098e820fp-20,
              -0x1.6167bc161daa5p-23,
              0x1.090385405a88ap-26,
              -0x1.9b9817ea4409ep-30,
              0x1.5edd7aa9d5eb8p-33,
              -0x1.b751857cb5781p-37);

  /**
   * erfc(x)^(1/4) for x from 1.15 to 3.95 (f32), 5.95 (f64), for an absolute error of its power.
   */
  private static final Series FAR =
      Series.single(
              0x1.011d42p+0,
              -0x1.369b78p-2,
              -0x1.31817cp-4,
              -0x1.34ca0ep-5,
              0x1.d42e3ap-5,
              -0x1.2b4bc2p-6,
              0x1.1cb624p-9,
              -0x1.495cd0p-16,
              -0x1.59a924p-17)
          .inDouble(
              0x1.fffff2e8ddceep-1,
              -0x1.20dc7078c6839p-2,
              -0x1.e8ff975fd6680p-4,
              0x1.fc685fde8dcf1p-7,
              0x1.2f643b4260f02p-6,
              -0x1.14ce61e682777p-10,
              -0x1.18b610d80f3bbp-9,
              0x1.a18569d2075fep-12,
              -0x1.b6767952e868bp-17,
              0x1.ae441bf300cfdp-15,
              -0x1.443353be30186p-15,
              0x1.15fff4f63708ep-16,
              -0x1.8bae53febf28bp-18,
              0x1.de4f52db2f254p-20,
              -0x1.c41b062e15affp-22,
              0x1.3d117c6fcd670p-24,
              -0x1.418fcf8946a25p-27,
              0x1.cb268989ec712p-31,
              -0x1.b7605f54f6b18p-35,
              0x1.fbc42a5979688p-40,
              -0x1.0cbc0551c2ef4p-45);

  private ErrorFunction() {}

  static Term erf(Formula f, Term x) {
    Term size = f.abs(x);
    Term near = f.fma(f.polynomial(f.mul(x, x), NEAR), x, x);
    Term root = f.polynomial(f.atMost(f.number(3.9375, 5.9375), size), FAR);
    Term square = f.mul(root, root);
    Term far = f.fma(square, f.neg(square), f.number(1));
    Term isNear = f.lt(size, f.number(0x1.266666p0));
    return f.select(isNear, near, f.flip(far, f.signOf(x)));
  }
}
