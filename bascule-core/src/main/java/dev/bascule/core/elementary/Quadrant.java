package dev.bascule.core.elementary;

import dev.bascule.core.kernel.Term;

/**
 * Exact argument reduction: a = (quadrant + f) pi/2 with |f| at most 1/2, for every finite a (Payne
 * and Hanek, 1983). Only those bits of 2/pi matter that the exponent of a shifts to between 2 and
 * some 2^-90 (f32) or 2^-190 (f64): those above give whole turns. They are a window into the bits
 * of 2/pi, which a few selects move by whole words and one variable shift by bits; the product with
 * the mantissa is integer arithmetic in 32-bit digits, and so exact. No float format is as fine:
 * there are arguments within 2^-30 (2^-61) of a multiple of pi/2.
 *
 * @param number the quadrant, as a word, of which the low two bits count
 * @param arc |f| pi/2, or below pi/4 the argument itself
 * @param arcRest what rounding took from arc
 * @param negative the format's sign bit where f is negative; other bits may be set
 */
record Quadrant(Term number, Term arc, Term arcRest, Term negative) {
  /** Zeros, then 2/pi, so that the window of an argument in [2^k, 2^(k+1)) starts at bit k + 1. */
  private static final int[] SINGLE_WORDS = {
    0x00000028, 0xbe60db93, 0x91054a7f, 0x09d5f47d, 0x4d377036, 0xd8a5664f, 0x10e4107f
  };

  private static final int[] DOUBLE_WORDS = {
    0x00000000, 0x00000145, 0xf306dc9c, 0x882a53f8, 0x4eafa3ea, 0x69bb81b6, 0xc52b3278,
    0x872083fc, 0xa2c757bd, 0x778ac36e, 0x48dc7484, 0x9ba5c00c, 0x925dd413, 0xa32439fc,
    0x3bd63962, 0x534e7dd1, 0x046bea5d, 0x768909d3, 0x38e04d68, 0xbefc8273, 0x23ac7306,
    0xa673e939, 0x08bf177b, 0xf250763f, 0xf12fffbc, 0x0b301fde, 0x5e2316b4, 0x14da3eda,
    0x6cfd9e4f, 0x96136e9e, 0x8c7ecd3c, 0xbfd45aea, 0x4f758fd7, 0xcbe2f67a, 0x0e73ef14,
    0xa525d4d7, 0xf6bf623f, 0x1aba10ac
  };

  private static final int WINDOW_SINGLE = 3;
  private static final int WINDOW_DOUBLE = 6;
  private static final long LOW = 0xffff_ffffL;

  /** Quadrants as a fixed-point number: high counts 2^-62 (and wraps at 4), low 2^-126. */
  private record Fixed(Term high, Term low) {}

  /** Reduces {@code a}, which is not negative. Of infinity and NaN the arc is NaN. */
  static Quadrant of(Formula f, Term a) {
    Fixed turns = f.isSingle() ? timesMantissaSingle(f, a) : timesMantissaDouble(f, a);
    Term rounded = f.add(turns.high, f.wide(1L << 61));
    Term rest = f.sub(turns.high, f.and(rounded, f.wide(3L << 62)));
    Term negative = f.spreadSign(rest);
    Fixed size = new Fixed(f.xor(rest, negative), f.xor(turns.low, negative));
    Term quadrant = f.narrow(f.shiftRight(rounded, 62));
    return direct(f, a, arc(f, a, quadrant, size, f.narrow(negative)));
  }

  /** Below pi/4 the argument is its own arc. */
  private static Quadrant direct(Formula f, Term a, Quadrant q) {
    Term small = f.lt(a, f.number(0x1.921fb4p-1, 0x1.921fb54442d18p-1));
    Term zero = f.word(0);
    return new Quadrant(
        f.select(small, zero, q.number),
        f.select(small, a, q.arc),
        f.select(small, f.number(0), q.arcRest),
        f.select(small, zero, q.negative));
  }

  /** Three floats hold the fraction's bits exactly; their sum times pi/2 is rounded once. */
  private static Quadrant arc(Formula f, Term a, Term quadrant, Fixed size, Term negative) {
    boolean single = f.isSingle();
    Term high;
    Term middle;
    Term low;
    if (single) {
      high = f.shiftRight(size.high, 38);
      middle = f.and(f.shiftRight(size.high, 14), f.wide(0xff_ffff));
      low = f.and(size.high, f.wide(0x3fff));
    } else {
      high = f.shiftRight(size.high, 13);
      middle = f.or(f.shiftLeft(f.and(size.high, f.wide(0x1fff)), 32), f.shiftRight(size.low, 32));
      low = f.and(size.low, f.wide(LOW));
    }
    Term nanUnlessFinite = f.sub(a, a);
    Term p = f.toFloat(f.narrow(high));
    Term unit = halfPiTimes(f, 0x1p-24, 0x1p-49);
    Term unitRest =
        f.number(
            InverseTrigonometric.HALF_PI_REST_SINGLE * 0x1p-24,
            InverseTrigonometric.HALF_PI_REST * 0x1p-49);
    Term sum = f.fma(p, unitRest, nanUnlessFinite);
    sum = f.fma(f.toFloat(f.narrow(low)), halfPiTimes(f, 0x1p-62, 0x1p-126), sum);
    sum = f.fma(f.toFloat(f.narrow(middle)), halfPiTimes(f, 0x1p-48, 0x1p-94), sum);
    Term arc = f.fma(p, unit, sum);
    Term arcRest = f.add(f.fma(p, unit, f.neg(arc)), sum);
    return new Quadrant(quadrant, arc, arcRest, negative);
  }

  private static Term halfPiTimes(Formula f, double inSingle, double inDouble) {
    return f.number(
        InverseTrigonometric.HALF_PI_SINGLE * inSingle, InverseTrigonometric.HALF_PI * inDouble);
  }

  /** The mantissa with its leading 1, as an i64. */
  private static Term mantissa(Formula f, Term bits) {
    Term fraction = f.and(bits, f.word(0x7f_ffff, 0xf_ffff_ffff_ffffL));
    return f.widen(f.or(fraction, f.word(0x80_0000, 0x10_0000_0000_0000L)));
  }

  /** 24 bits times a window of 96. */
  private static Fixed timesMantissaSingle(Formula f, Term a) {
    Term bits = f.bits(a);
    Term m = mantissa(f, bits);
    Term[] w = window(f, bits, SINGLE_WORDS, WINDOW_SINGLE);
    Term tail = f.add(f.mul(m, w[1]), f.shiftRight(f.mul(m, w[2]), 32));
    return new Fixed(f.add(f.shiftLeft(f.mul(m, w[0]), 32), tail), f.wide(0));
  }

  /** 53 bits, as digits of 21 and 32, times a window of 192, without the lowest digit. */
  private static Fixed timesMantissaDouble(Formula f, Term a) {
    Term bits = f.bits(a);
    Term m = mantissa(f, bits);
    Term m1 = f.shiftRight(m, 32);
    Term m0 = f.and(m, f.wide(LOW));
    Term[] w = window(f, bits, DOUBLE_WORDS, WINDOW_DOUBLE);
    Term carry = f.add(f.shiftRight(f.mul(m0, w[4]), 32), f.shiftRight(f.mul(m1, w[5]), 32));
    Term[] digits = new Term[4];
    for (int i = 3; i > 0; i--) {
      Term x = f.mul(m0, w[i]);
      Term y = f.mul(m1, w[i + 1]);
      Term sum = f.add(f.add(f.and(x, f.wide(LOW)), f.and(y, f.wide(LOW))), carry);
      digits[i] = f.and(sum, f.wide(LOW));
      carry = f.add(f.add(f.shiftRight(x, 32), f.shiftRight(y, 32)), f.shiftRight(sum, 32));
    }
    digits[0] = f.add(f.add(f.mul(m0, w[0]), f.mul(m1, w[1])), carry);
    return new Fixed(
        f.or(f.shiftLeft(digits[0], 32), digits[1]), f.or(f.shiftLeft(digits[2], 32), digits[3]));
  }

  /** {@code size} words of 2/pi from the bit on that the exponent in {@code bits} asks for. */
  private static Term[] window(Formula f, Term bits, int[] words, int size) {
    Term exponent = f.shiftRight(bits, f.mantissaBits());
    Term start = f.sub(exponent, f.word(f.bias() - 1L));
    // starts are 0 to a multiple of 32 inclusive; one less from the second binade on makes the last
    // a shift by 32 within the last band
    Term band = f.sub(start, f.shiftRight(exponent, f.isSingle() ? 7 : 10));
    int bands = f.isSingle() ? 4 : 32;
    Term[] pairs = new Term[words.length - 1];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = f.wide((long) words[i] << 32 | words[i + 1] & LOW);
    }
    for (int step = bands / 2; step > 0; step /= 2) {
      Term stay = f.eq(f.and(band, f.word(32L * step)), f.word(0));
      for (int i = 0; i < size + step - 1; i++) {
        pairs[i] = f.select(stay, pairs[i], pairs[i + step]);
      }
    }
    Term count = f.widen(f.sub(start, f.and(band, f.word(32L * (bands - 1)))));
    Term[] window = new Term[size];
    for (int i = 0; i < size; i++) {
      window[i] = f.shiftRight(f.shiftLeft(pairs[i], count), 32);
    }
    return window;
  }
}
