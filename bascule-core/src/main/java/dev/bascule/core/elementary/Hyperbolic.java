package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class Hyperbolic {
  private Hyperbolic() {}

  static final double[] SINH_SINGLE = {
    0x1.555556p-3, 0x1.1110e0p-7, 0x1.a022bcp-13, 0x1.756c1ep-19
  };

  static final double[] TANH_SINGLE = {
    -0x1.55554ap-2, 0x1.110ceep-3, -0x1.b91e7ep-5, 0x1.58e518p-6, -0x1.9921a0p-8
  };

  static Term tanh(Formula f, Term x) {
    Term a = f.abs(x);
    Term y = f.atMost(10, a);
    Term rounder = f.number(f.rounder(f.bias()));
    Term biased = f.fma(y, f.number((float) (2 * Exponential.LOG2E)), rounder);
    Term n = f.sub(biased, rounder);
    Term small = f.lt(a, f.number(0x1.193ea8p-1));
    Term r = f.select(small, a, f.fma(n, f.number(-Exponential.LN2_SINGLE / 2), y));
    Term z = f.mul(r, r);
    Term t = f.fma(f.polynomial(z, TANH_SINGLE), f.mul(z, r), r);
    Term e = f.ofBits(f.shiftLeft(f.bits(biased), f.mantissaBits()));
    Term one = f.number(1);
    Term q = f.div(f.sub(one, t), f.fma(f.sub(e, one), t, f.add(e, one)));
    return f.withSign(f.select(small, t, f.fma(f.number(-2), q, one)), f.signOf(x));
  }

  static Term cosh(Formula f, Term x) {
    Term half = Exponential.expTimes(f, f.abs(x), -1);
    return f.add(half, f.div(f.number(0.25), half));
  }

  static Term sinh(Formula f, Term x) {
    Term a = f.abs(x);
    Term half = Exponential.expTimes(f, a, -1);
    Term far = f.sub(half, f.div(f.number(0.25), half));
    Term z = f.mul(a, a);
    Term near = f.fma(f.polynomial(z, SINH_SINGLE), f.mul(z, a), a);
    return f.withSign(f.select(f.lt(a, f.number(1)), near, far), f.signOf(x));
  }

  static Term asinh(Formula f, Term x) {
    Term a = f.abs(x);
    Term z = f.mul(a, a);
    Term root = f.sqrt(f.add(z, f.number(1)));
    Term big = f.lt(f.number(0x1p28), a);
    Term l = Logarithm.log1p(f, f.select(big, a, f.add(a, f.div(z, f.add(root, f.number(1))))));
    return f.withSign(
        f.add(l, f.select(big, f.number(Exponential.LN2_SINGLE), f.number(0))), f.signOf(x));
  }

  static Term acosh(Formula f, Term x) {
    Term t = f.sub(x, f.number(1));
    Term root = f.sqrt(f.fma(t, t, f.add(t, t)));
    Term big = f.lt(f.number(0x1p28), x);
    Term l = Logarithm.log1p(f, f.select(big, x, f.add(t, root)));
    Term r = f.add(l, f.select(big, f.number(Exponential.LN2_SINGLE), f.number(0)));
    return f.select(f.lt(x, f.number(1)), f.number(Double.NaN), r);
  }

  static Term atanh(Formula f, Term x) {
    Term a = f.abs(x);
    Term l = Logarithm.log1p(f, f.div(f.add(a, a), f.sub(f.number(1), a)));
    return f.withSign(f.mul(l, f.number(0.5)), f.signOf(x));
  }
}
