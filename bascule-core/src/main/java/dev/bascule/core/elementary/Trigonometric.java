package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

final class Trigonometric {
  private Trigonometric() {}

  static final double[] SIN = {-0x1.555546p-3, 0x1.110776p-7, -0x1.9952fap-13};
  static final double[] COS = {-0.5, 0x1.55554ap-5, -0x1.6c0c28p-10, 0x1.99e80cp-16};

  /** bits of 2/pi after 26 zeros, 64 at a time, every 32 */
  static final int[] TWO_OVER_PI = {
    0x28, 0xbe60db93, 0x91054a7f, 0x9d5f47d, 0x4d377036, 0xd8a5664f, 0x10e4107f
  };

  /** a = r' + quadrant pi/2, where r' is r with the sign bit of negative; r >= 0 */
  record Reduced(Term quadrant, Term r, Term rest, Term negative) {}

  static Term pair(Formula f, Term[] beyond, int at) {
    Term w = f.wide(pairAt(at));
    for (int band = 1; band < 4; band++) {
      w = f.select(beyond[band - 1], f.wide(pairAt(at + band)), w);
    }
    return w;
  }

  static long pairAt(int i) {
    return (long) TWO_OVER_PI[i] << 32 | TWO_OVER_PI[i + 1] & 0xffff_ffffL;
  }

  static Reduced reduce(Formula f, Term a) {
    Term i = f.bits(a);
    Term e = f.shiftRight(i, 23);
    Term k = f.sub(e, f.word(126));
    Term j = f.sub(k, f.shiftRight(e, 7));
    Term count = f.sub(k, f.and(j, f.word(0x60)));
    Term m = f.widen(f.or(f.and(i, f.word(0x7fffff)), f.word(0x800000)));
    Term shift = f.widen(count);
    Term[] beyond = {f.lt(f.word(31), j), f.lt(f.word(63), j), f.lt(f.word(95), j)};
    Term[] product = new Term[3];
    for (int w = 0; w < 3; w++) {
      product[w] = f.mul(m, f.wideShiftRight(f.wideShiftLeft(pair(f, beyond, w), shift), 32));
    }
    Term turns =
        f.add(f.wideShiftLeft(product[0], 32), f.add(product[1], f.wideShiftRight(product[2], 32)));
    Term rounded = f.add(turns, f.wide(1L << 61));
    Term rest = f.sub(turns, f.and(rounded, f.wide(3L << 62)));
    Term size = f.abs(rest);
    Term p1 = f.wordToFloat(f.narrow(f.wideShiftRight(size, 38)));
    Term p2 = f.wordToFloat(f.narrow(f.and(f.wideShiftRight(size, 14), f.wide(0xffffff))));
    Term p3 = f.wordToFloat(f.narrow(f.and(size, f.wide(0x3fff))));
    Term notFinite = f.sub(a, a);
    Term low = f.fma(p1, f.number(-0x1.777a5cp-25 * 0x1p-24), notFinite);
    low = f.fma(p3, f.number(0x1.921fb6p+0 * 0x1p-62), low);
    Term unit = f.number(0x1.921fb6p+0 * 0x1p-24);
    Term below = f.fma(p2, f.number(0x1.921fb6p+0 * 0x1p-48), low);
    Term r = f.fma(p1, unit, below);
    Term rest2 = f.add(f.fma(p1, unit, f.neg(r)), below);
    Term small = f.lt(a, f.number(0x1.921fb4p-1));
    Term quadrant = f.narrow(f.wideShiftRight(rounded, 62));
    Term negative = f.narrow(f.wideShiftRight(rest, 32));
    return new Reduced(
        f.select(small, f.word(0), quadrant),
        f.select(small, a, r),
        f.select(small, f.number(0), rest2),
        f.select(small, f.word(0), negative));
  }

  static Term sinOf(Formula f, Term r, Term rest, Term z) {
    return f.add(r, f.fma(f.polynomial(z, SIN), f.mul(z, r), rest));
  }

  static Term cosOf(Formula f, Term z) {
    return f.fma(f.polynomial(z, COS), z, f.number(1));
  }

  static Term wave(Formula f, Term x, boolean cos) {
    Reduced t = reduce(f, f.abs(x));
    Term q = cos ? f.add(t.quadrant, f.word(1)) : t.quadrant;
    Term z = f.mul(t.r, t.r);
    Term even = f.eq(f.and(q, f.word(1)), f.word(0));
    Term sine =
        f.ofBits(f.xor(f.bits(sinOf(f, t.r, t.rest, z)), f.and(t.negative, f.word(0x80000000))));
    Term v = f.select(even, sine, cosOf(f, z));
    Term flip = f.shiftLeft(q, f.single ? 30 : 62);
    if (!cos) {
      flip = f.xor(flip, f.bits(x));
    }
    return f.withSign(v, f.and(flip, f.word(0x80000000)));
  }

  static Term sin(Formula f, Term x) {
    return wave(f, x, false);
  }

  static Term cos(Formula f, Term x) {
    return wave(f, x, true);
  }

  static Term tan(Formula f, Term x) {
    Reduced t = reduce(f, f.abs(x));
    Term z = f.mul(t.r, t.r);
    Term s = sinOf(f, t.r, t.rest, z);
    Term c = cosOf(f, z);
    Term even = f.eq(f.and(t.quadrant, f.word(1)), f.word(0));
    Term v = f.div(f.select(even, s, c), f.select(even, c, s));
    Term flip = f.xor(f.xor(f.shiftLeft(t.quadrant, 31), t.negative), f.bits(x));
    return f.withSign(v, f.and(flip, f.word(0x80000000)));
  }
}
