package dev.bascule.core.elementary;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;

/**
 * What a function's formula is written in: the kernel builder's steps for one float format, with
 * constants of that format, its bits as integers of its width (a <em>word</em>), and the few idioms
 * that all functions share.
 *
 * <p>Two idioms matter to whoever renders them. {@link #atMost} and {@link #atLeast} are a compare
 * and a select that x86's {@code minps}/{@code maxps} with the limit as first operand equal bit for
 * bit, NaN included. A negation that feeds a fused multiply-add is free where the hardware has
 * {@code fnmadd}.
 */
final class Formula {
  private final KernelBuilder steps;
  private final ScalarType type;
  private final boolean single;
  private final ScalarType word;

  Formula(KernelBuilder steps, ScalarType type) {
    this.steps = steps;
    this.type = type;
    this.single =
        switch (type) {
          case F32 -> true;
          case F64 -> false;
          case I32, I64, BOOL ->
              throw new IllegalArgumentException(
                  "elementary functions take F32 or F64, not " + type);
        };
    this.word = single ? ScalarType.I32 : ScalarType.I64;
  }

  /** True for F32, false for F64. */
  boolean isSingle() {
    return single;
  }

  /** A constant that must be a value of the format: none is rounded on the way. */
  Term number(double value) {
    if (single && !Double.isNaN(value) && (float) value != value) {
      throw new IllegalArgumentException(Double.toHexString(value) + " is not an f32 value");
    }
    return steps.number(type, value);
  }

  Term number(double inSingle, double inDouble) {
    return number(single ? inSingle : inDouble);
  }

  /** An integer as wide as the format. */
  Term word(long value) {
    return steps.constant(word, single ? (int) value : value);
  }

  Term word(int inSingle, long inDouble) {
    return word(single ? inSingle : inDouble);
  }

  Term wide(long value) {
    return steps.constant(value);
  }

  Term add(Term a, Term b) {
    return steps.add(a, b);
  }

  Term sub(Term a, Term b) {
    return steps.sub(a, b);
  }

  Term mul(Term a, Term b) {
    return steps.mul(a, b);
  }

  Term div(Term a, Term b) {
    return steps.div(a, b);
  }

  Term fma(Term a, Term b, Term c) {
    return steps.fma(a, b, c);
  }

  Term sqrt(Term a) {
    return steps.apply(Primitive.SQRT, a);
  }

  Term neg(Term a) {
    return steps.neg(a);
  }

  Term abs(Term a) {
    return steps.abs(a);
  }

  Term roundEven(Term a) {
    return steps.apply(Primitive.ROUND_EVEN, a);
  }

  Term lt(Term a, Term b) {
    return steps.lt(a, b);
  }

  Term le(Term a, Term b) {
    return steps.le(a, b);
  }

  Term eq(Term a, Term b) {
    return steps.eq(a, b);
  }

  Term and(Term a, Term b) {
    return steps.and(a, b);
  }

  Term or(Term a, Term b) {
    return steps.or(a, b);
  }

  Term xor(Term a, Term b) {
    return steps.apply(Primitive.XOR, a, b);
  }

  Term not(Term a) {
    return steps.not(a);
  }

  Term select(Term condition, Term a, Term b) {
    return steps.select(condition, a, b);
  }

  /** {@code x}, or {@code limit} where x is above it; NaN stays. */
  Term atMost(Term limit, Term x) {
    return select(lt(limit, x), limit, x);
  }

  /** {@code x}, or {@code limit} where x is below it; NaN stays. */
  Term atLeast(Term limit, Term x) {
    return select(lt(x, limit), limit, x);
  }

  Term shiftLeft(Term a, int count) {
    return steps.apply(Primitive.SHL, a, count(a, count));
  }

  /** Fills with zeros. */
  Term shiftRight(Term a, int count) {
    return steps.apply(Primitive.USHR, a, count(a, count));
  }

  Term shiftLeft(Term a, Term count) {
    return steps.apply(Primitive.SHL, a, count);
  }

  /** All bits equal to the sign of an i64. */
  Term spreadSign(Term a) {
    return steps.apply(Primitive.SHR, a, wide(63));
  }

  private Term count(Term a, int count) {
    return a.type() == ScalarType.I32 ? steps.constant(count) : wide(count);
  }

  Term bits(Term a) {
    return steps.apply(single ? Primitive.F32_BITS : Primitive.F64_BITS, a);
  }

  Term ofBits(Term a) {
    return steps.apply(single ? Primitive.BITS_F32 : Primitive.BITS_F64, a);
  }

  /** A word that is not negative as an i64. */
  Term widen(Term a) {
    return single ? steps.apply(Primitive.U32_TO_I64, a) : a;
  }

  /** The low bits of an i64 as a word. */
  Term narrow(Term a) {
    return single ? steps.apply(Primitive.I64_TO_I32, a) : a;
  }

  /** A word of 0 to 2^24 (f32) or 0 to 2^52 - 1 (f64) as a float, exactly. */
  Term toFloat(Term a) {
    if (single) {
      return steps.apply(Primitive.I32_TO_F32, a);
    }
    // few instruction sets convert vectors of i64; as the mantissa of a number in [2^52, 2^53) none
    // has to
    return sub(ofBits(or(a, word(0x4330_0000_0000_0000L))), number(0x1p52));
  }

  Term convert(Primitive conversion, Term a) {
    return steps.apply(conversion, a);
  }

  /** The sign bit of the format. */
  Term signMask() {
    return word(0x8000_0000, 0x8000_0000_0000_0000L);
  }

  /** The sign bit of {@code a}, all others 0. */
  Term signOf(Term a) {
    return and(bits(a), signMask());
  }

  /** {@code a} with its sign flipped where {@code sign} has the sign bit (and no other). */
  Term flip(Term a, Term sign) {
    return ofBits(xor(bits(a), sign));
  }

  /** {@code c[0] + c[1] x + ...} by Horner's rule, one fused multiply-add per power. */
  Term polynomial(Term x, Series c) {
    Term sum = number(c.coefficient(single, c.degree(single)));
    for (int power = c.degree(single) - 1; power >= 0; power--) {
      sum = fma(sum, x, number(c.coefficient(single, power)));
    }
    return sum;
  }

  /** The bits of explicit mantissa: 23 or 52. */
  int mantissaBits() {
    return single ? 23 : 52;
  }

  /** The exponent's bias: 127 or 1023. */
  int bias() {
    return single ? 127 : 1023;
  }

  /**
   * 1.5 * 2^mantissaBits + {@code offset}: added to a small value it leaves in the low bits of the
   * sum the value, rounded to nearest even, plus offset.
   */
  Term rounder(long offset) {
    return number((single ? 0x1.8p23 : 0x1.8p52) + offset);
  }

  /** 2^n from the low bits of {@code biased}, which hold n + bias. */
  Term powerOf2(Term biased) {
    return ofBits(shiftLeft(biased, mantissaBits()));
  }
}
