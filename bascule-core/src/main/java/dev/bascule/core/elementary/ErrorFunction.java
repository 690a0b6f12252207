package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class ErrorFunction {
  private ErrorFunction() {}

  static final double[] SMALL = {
    0x1.06eba6p-3,
    -0x1.812700p-2,
    0x1.ce231ep-4,
    -0x1.b76648p-6,
    0x1.5025fcp-8,
    -0x1.8bb9aep-11,
    0x1.1036a2p-14
  };
  static final double[] LARGE = {
    0x1.011d42p+0,
    -0x1.369b78p-2,
    -0x1.31817cp-4,
    -0x1.34ca0ep-5,
    0x1.d42e3ap-5,
    -0x1.2b4bc2p-6,
    0x1.1cb624p-9,
    -0x1.495cd0p-16,
    -0x1.59a924p-17
  };

  static Term erf(Formula f, Term x) {
    Term a = f.abs(x);
    Term near = f.fma(f.polynomial(f.mul(x, x), SMALL), x, x);
    Term q = f.polynomial(f.atMost(3.9375, a), LARGE);
    Term q2 = f.mul(q, q);
    Term far = f.fma(q2, f.neg(q2), f.number(1));
    return f.select(f.lt(a, f.number(0x1.266666p0)), near, f.withSign(far, f.signOf(x)));
  }
}
