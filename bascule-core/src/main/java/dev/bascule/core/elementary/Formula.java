package dev.bascule.core.elementary;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;

/**
 * What a function's formula is written in: the kernel builder's steps for one float format, with
 * constants of that format, its bits as integers of its width, and the few idioms all functions
 * share.
 *
 * <p>Two idioms matter to whoever renders them. {@link #atMost} and {@link #atLeast} are a compare
 * and a select that x86's {@code minps}/{@code maxps} equal bit for bit, NaN included. A negation
 * that feeds a fused multiply-add is free where the hardware has {@code fnmadd}.
 */
final class Formula {
  final boolean single;
  private final KernelBuilder steps;
  private final ScalarType type;
  private final ScalarType word;

  Formula(KernelBuilder steps, ScalarType type) {
    this.steps = steps;
    this.type = type;
    this.single =
        switch (type) {
          case F32 -> true;
          case F64, I32, I64, BOOL ->
              throw new IllegalArgumentException("elementary functions take F32, not " + type);
        };
    this.word = single ? ScalarType.I32 : ScalarType.I64;
  }

  /** A constant that must be a value of the format: none is rounded on the way. */
  Term number(double value) {
    if (single && !Double.isNaN(value) && (float) value != value) {
      throw new IllegalArgumentException(Double.toHexString(value) + " is not an f32 value");
    }
    return steps.number(type, value);
  }

  /** The constant of this format. */
  Term number(double inSingle, double inDouble) {
    return number(single ? inSingle : inDouble);
  }

  /** An integer as wide as the format. */
  Term word(long value) {
    return steps.constant(word, single ? (int) value : value);
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
  Term atMost(double limit, Term x) {
    Term bound = number(limit);
    return select(lt(bound, x), bound, x);
  }

  /** {@code x}, or {@code limit} where x is below it; NaN stays. */
  Term atLeast(double limit, Term x) {
    Term bound = number(limit);
    return select(lt(x, bound), bound, x);
  }

  Term shiftLeft(Term a, int count) {
    return steps.apply(Primitive.SHL, a, word(count));
  }

  /** Fills with zeros. */
  Term shiftRight(Term a, int count) {
    return steps.apply(Primitive.USHR, a, word(count));
  }

  Term bits(Term a) {
    return steps.apply(single ? Primitive.F32_BITS : Primitive.F64_BITS, a);
  }

  Term ofBits(Term a) {
    return steps.apply(single ? Primitive.BITS_F32 : Primitive.BITS_F64, a);
  }

  Term wordToFloat(Term a) {
    return steps.apply(single ? Primitive.I32_TO_F32 : Primitive.I64_TO_F64, a);
  }

  /** The bits of the sign of {@code a}, all others 0. */
  Term signOf(Term a) {
    return and(bits(a), word(single ? 0x8000_0000L : 0x8000_0000_0000_0000L));
  }

  /** {@code magnitude} (not negative) with the sign bits {@code sign}. */
  Term withSign(Term magnitude, Term sign) {
    return ofBits(xor(bits(magnitude), sign));
  }

  /** {@code c[0] + c[1] x + ...} by Horner's rule, one fused multiply-add per degree. */
  Term polynomial(Term x, double... c) {
    Term sum = number(c[c.length - 1]);
    for (int i = c.length - 2; i >= 0; i--) {
      sum = fma(sum, x, number(c[i]));
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
   * 1.5 * 2^mantissaBits + {@code offset}: added to a value below 2^(mantissaBits-2) in size it
   * leaves the value, rounded to nearest even, plus offset in the low bits of the sum.
   */
  double rounder(long offset) {
    return (single ? 0x1.8p23 : 0x1.8p52) + offset;
  }

  Term wide(long value) {
    return steps.constant(value);
  }

  /** An i32 that is not negative as an i64. */
  Term widen(Term a) {
    return steps.apply(Primitive.U32_TO_I64, a);
  }

  /** The low 32 bits. */
  Term narrow(Term a) {
    return steps.apply(Primitive.I64_TO_I32, a);
  }

  Term wideShiftLeft(Term a, Term count) {
    return steps.apply(Primitive.SHL, a, count);
  }

  Term wideShiftLeft(Term a, int count) {
    return steps.apply(Primitive.SHL, a, wide(count));
  }

  Term wideShiftRight(Term a, int count) {
    return steps.apply(Primitive.USHR, a, wide(count));
  }
}
