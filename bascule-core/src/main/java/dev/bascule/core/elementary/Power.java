package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class Power {
  private Power() {}

  static final double[] LOG2_SERIES = {0x1.ec709ep-1, 0x1.277588p-1, 0x1.a96840p-2};

  /** high + low */
  record Pair(Term high, Term low) {}

  static Pair log2(Formula f, Term a) {
    Term tiny = f.lt(a, f.number(0x1p-126, 0x1p-1022));
    Term y = f.select(tiny, f.mul(a, f.number(0x1p23, 0x1p52)), a);
    Term i = f.bits(y);
    Term e = f.and(f.sub(i, f.word(0x3f3504f3)), f.word(0xff800000));
    Term m = f.ofBits(f.sub(i, e));
    Term exponent =
        f.fma(f.wordToFloat(e), f.number(0x1p-23), f.select(tiny, f.number(-23), f.number(0)));
    Term below = f.lt(m, f.number(0.8984375));
    Term above = f.lt(f.number(1.1484375), m);
    Term factor = f.select(below, f.number(1.25), f.select(above, f.number(0.75), f.number(1)));
    Term kh =
        f.select(below, f.number(-0x1.49a8p-2), f.select(above, f.number(0x1.a9p-2), f.number(0)));
    Term kl =
        f.select(
            below,
            f.number(0x1.ed0cbap-20),
            f.select(above, f.number(-0x1.a39fbep-20), f.number(0)));
    Term r = f.fma(m, factor, f.number(-1));
    Term d = f.add(r, f.number(2));
    Term dl = f.add(f.sub(f.number(2), d), r);
    Term inverse = f.div(f.number(1), d);
    Term s = f.mul(r, inverse);
    Term ns = f.neg(s);
    Term sl = f.mul(f.fma(ns, dl, f.fma(ns, d, r)), inverse);
    Term z = f.mul(s, s);
    Term t = f.mul(z, f.polynomial(z, LOG2_SERIES));
    Term c = f.number(0x1.715476p+1);
    Term ah = f.mul(s, c);
    Term al = f.fma(s, c, f.neg(ah));
    al = f.fma(s, f.number(0x1.4ae0c0p-25), al);
    al = f.fma(sl, c, al);
    al = f.fma(s, t, al);
    Term b = f.add(exponent, kh);
    Term sum = f.add(b, ah);
    Term rest = f.add(f.sub(ah, f.sub(sum, b)), f.add(al, kl));
    Term high = f.add(sum, rest);
    Term low = f.sub(rest, f.sub(high, sum));
    high = f.select(f.lt(a, f.number(Double.POSITIVE_INFINITY)), high, a);
    high = f.select(f.eq(a, f.number(0)), f.number(Double.NEGATIVE_INFINITY), high);
    return new Pair(high, low);
  }

  static Term exp2(Formula f, Term high, Term low) {
    Term rounder = f.number(f.rounder(2L * f.bias()));
    Term biased = f.add(high, rounder);
    Term r = f.add(f.sub(high, f.sub(biased, rounder)), low);
    Term p = f.fma(f.polynomial(r, Exponential.EXP2_SINGLE), r, f.number(1));
    Term scaled = Exponential.scale(f, p, biased);
    Term limited = f.select(f.lt(f.number(128), high), f.number(Double.POSITIVE_INFINITY), scaled);
    return f.select(f.lt(high, f.number(-150)), f.number(0), limited);
  }

  static Term pow(Formula f, Term x, Term y) {
    Term a = f.abs(x);
    Pair l = log2(f, a);
    Term high = f.mul(y, l.high);
    Term low = f.fma(y, l.low, f.fma(y, l.high, f.neg(high)));
    Term size = exp2(f, high, low);
    Term one = f.or(f.eq(y, f.number(0)), f.eq(a, f.number(1)));
    size = f.select(one, f.number(1), size);
    Term whole = f.eq(f.roundEven(y), y);
    Term half = f.mul(y, f.number(0.5));
    Term odd = f.and(whole, f.not(f.eq(f.roundEven(half), half)));
    Term signed = f.withSign(size, f.select(odd, f.signOf(x), f.word(0)));
    Term negative = f.and(f.lt(x, f.number(0)), f.lt(f.number(Double.NEGATIVE_INFINITY), x));
    return f.select(f.and(negative, f.not(whole)), f.number(Double.NaN), signed);
  }
}
