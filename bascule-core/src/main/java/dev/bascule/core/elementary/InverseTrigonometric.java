package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class InverseTrigonometric {
  private InverseTrigonometric() {}

  static final double[] ATAN = {
    -0x1.55553ep-2,
    0x1.9991e4p-3,
    -0x1.242084p-3,
    0x1.c08c1ap-4,
    -0x1.580814p-4,
    0x1.da24cap-5,
    -0x1.fd6fbcp-6,
    0x1.6410e6p-7,
    -0x1.d32dbcp-10
  };
  static final double[] ASIN = {
    0x1.555526p-3, 0x1.334932p-4, 0x1.6a59a6p-5, 0x1.169d94p-5, 0x1.b9e730p-8, 0x1.84fbf6p-5
  };
  static final double PIO2 = 0x1.921fb6p+0;

  static Term atan(Formula f, Term x) {
    Term a = f.abs(x);
    Term big = f.lt(f.number(1), a);
    Term t = f.select(big, f.div(f.number(1), a), a);
    Term z = f.mul(t, t);
    Term p = f.fma(f.polynomial(z, ATAN), f.mul(z, t), t);
    Term r = f.select(big, f.sub(f.number(PIO2), f.add(p, f.number(0x1.777a5cp-25))), p);
    return f.withSign(r, f.signOf(x));
  }

  static Term asin(Formula f, Term x) {
    Term a = f.abs(x);
    Term big = f.lt(f.number(0.5625), a);
    Term zb = f.fma(f.number(-0.5), a, f.number(0.5));
    Term z = f.select(big, zb, f.mul(a, a));
    Term t = f.select(big, f.sqrt(zb), a);
    Term p = f.fma(f.polynomial(z, ASIN), f.mul(z, t), t);
    Term r =
        f.select(big, f.fma(f.number(-2), f.add(p, f.number(0x1.777a5cp-26)), f.number(PIO2)), p);
    return f.withSign(r, f.signOf(x));
  }

  /** a <= 1/2: pi/2 - asin x; else 2 asin(sqrt((1-a)/2)), of negative x subtracted from pi */
  static Term acos(Formula f, Term x) {
    Term a = f.abs(x);
    Term big = f.lt(f.number(0.5625), a);
    Term zb = f.fma(f.number(-0.5), a, f.number(0.5));
    Term z = f.select(big, zb, f.mul(a, a));
    Term t = f.select(big, f.sqrt(zb), x);
    Term p = f.fma(f.polynomial(z, ASIN), f.mul(z, t), t);
    Term neg = f.lt(x, f.number(0));
    Term near = f.sub(f.number(PIO2), f.add(p, f.number(0x1.777a5cp-25)));
    Term far =
        f.select(
            neg,
            f.fma(f.number(-2), f.add(p, f.number(0x1.777a5cp-25)), f.number(2 * PIO2)),
            f.add(p, p));
    return f.select(big, far, near);
  }
}
