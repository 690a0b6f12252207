package dev.bascule.core.kernel;

import dev.bascule.core.ScalarType;
import java.util.List;

/**
 * What a device must be able to do with scalars, one row each; everything else is a sequence of
 * these.
 *
 * <p>Floating point is IEEE-754 with round to nearest even and denormals, never contracted: only
 * {@link #FMA} rounds once. A NaN is one value: its sign and payload carry no meaning, and
 * conformance compares all NaNs as equal. Integers are two's complement and wrap. {@link Scalars}
 * is the meaning of each row, in Java.
 */
public enum Primitive {
  ADD(2, Signature.NUMERIC),
  SUB(2, Signature.NUMERIC),
  MUL(2, Signature.NUMERIC),
  /** Floats: correctly rounded. Integers: rounded towards zero; x/0 is 0, and MIN/-1 is MIN. */
  DIV(2, Signature.NUMERIC),
  /**
   * Integers: x - (x/y)*y with the division above, so x%0 is x. Floats: fmod is not a primitive.
   */
  REM(2, Signature.INTEGER),
  /** a*b + c with one rounding. */
  FMA(3, Signature.FLOAT),
  SQRT(1, Signature.FLOAT),
  /** Floats: flips the sign bit. */
  NEG(1, Signature.NUMERIC),
  ABS(1, Signature.NUMERIC),
  /** Floats: {@code a < b || a != a ? a : b}, so NaN wins and of zeros the second is taken. */
  MIN(2, Signature.NUMERIC),
  /** Floats: {@code a > b || a != a ? a : b}, so NaN wins and of zeros the second is taken. */
  MAX(2, Signature.NUMERIC),
  FLOOR(1, Signature.FLOAT),
  CEIL(1, Signature.FLOAT),
  TRUNC(1, Signature.FLOAT),
  /** To the nearest integral value, ties to even; keeps the sign of zero. */
  ROUND_EVEN(1, Signature.FLOAT),

  EQ(2, Signature.COMPARE),
  NE(2, Signature.COMPARE),
  LT(2, Signature.COMPARE),
  LE(2, Signature.COMPARE),
  /** Unsigned comparison of integers. */
  ULT(2, Signature.COMPARE_INTEGER),
  /** Unsigned quotient; x/0 is 0. */
  UDIV(2, Signature.INTEGER),
  /** Unsigned remainder; x%0 is x. */
  UREM(2, Signature.INTEGER),

  AND(2, Signature.BITS),
  OR(2, Signature.BITS),
  XOR(2, Signature.BITS),
  NOT(1, Signature.BITS),
  /** Shifts take their count modulo the width, as Java does. */
  SHL(2, Signature.INTEGER),
  SHR(2, Signature.INTEGER),
  USHR(2, Signature.INTEGER),

  /** {@code c ? a : b}; both sides are computed. */
  SELECT(3, Signature.SELECT),

  F32_TO_F64(1, ScalarType.F32, ScalarType.F64),
  F64_TO_F32(1, ScalarType.F64, ScalarType.F32),
  /** Float to integer: rounded towards zero, saturated, NaN is 0 (as in Java). */
  F32_TO_I32(1, ScalarType.F32, ScalarType.I32),
  F32_TO_I64(1, ScalarType.F32, ScalarType.I64),
  F64_TO_I32(1, ScalarType.F64, ScalarType.I32),
  F64_TO_I64(1, ScalarType.F64, ScalarType.I64),
  I32_TO_F32(1, ScalarType.I32, ScalarType.F32),
  I32_TO_F64(1, ScalarType.I32, ScalarType.F64),
  I64_TO_F32(1, ScalarType.I64, ScalarType.F32),
  I64_TO_F64(1, ScalarType.I64, ScalarType.F64),
  /** Sign-extends. */
  I32_TO_I64(1, ScalarType.I32, ScalarType.I64),
  /** Zero-extends. */
  U32_TO_I64(1, ScalarType.I32, ScalarType.I64),
  /** Keeps the low 32 bits. */
  I64_TO_I32(1, ScalarType.I64, ScalarType.I32),
  /** 0 or 1. */
  BOOL_TO_I32(1, ScalarType.BOOL, ScalarType.I32),
  /** The bits of a float; of a NaN some NaN's bits. */
  F32_BITS(1, ScalarType.F32, ScalarType.I32),
  BITS_F32(1, ScalarType.I32, ScalarType.F32),
  F64_BITS(1, ScalarType.F64, ScalarType.I64),
  BITS_F64(1, ScalarType.I64, ScalarType.F64),
  /**
   * To the nearest f16 value (ties to even, overflow to infinity, f16 denormals kept), still held
   * as f32.
   */
  ROUND_F16(1, ScalarType.F32, ScalarType.F32),
  ROUND_BF16(1, ScalarType.F32, ScalarType.F32),
  /** fp8 e4m3 (OCP, no infinity: overflow and infinity saturate to +-448). */
  ROUND_F8E4M3(1, ScalarType.F32, ScalarType.F32),
  /** fp8 e5m2 (OCP): overflow saturates to +-57344, infinity stays. */
  ROUND_F8E5M2(1, ScalarType.F32, ScalarType.F32);

  /** Which operand types a row takes and what it gives. */
  private enum Signature {
    NUMERIC,
    FLOAT,
    INTEGER,
    BITS,
    COMPARE,
    COMPARE_INTEGER,
    SELECT,
    CONVERSION
  }

  private final int arity;
  private final Signature signature;
  private final ScalarType from;
  private final ScalarType to;

  Primitive(int arity, Signature signature) {
    this.arity = arity;
    this.signature = signature;
    this.from = ScalarType.BOOL;
    this.to = ScalarType.BOOL;
  }

  Primitive(int arity, ScalarType from, ScalarType to) {
    this.arity = arity;
    this.signature = Signature.CONVERSION;
    this.from = from;
    this.to = to;
  }

  public int arity() {
    return arity;
  }

  /** True for the rows that take one type and give a fixed, possibly different one. */
  public boolean isConversion() {
    return signature == Signature.CONVERSION;
  }

  public boolean isComparison() {
    return signature == Signature.COMPARE || signature == Signature.COMPARE_INTEGER;
  }

  /** The type that this row gives for operands of these types; refuses types it does not take. */
  public ScalarType result(List<ScalarType> operands) {
    boolean fits = operands.size() == arity;
    ScalarType last = operands.isEmpty() ? ScalarType.BOOL : operands.getLast();
    int first = signature == Signature.SELECT ? 1 : 0;
    for (int i = first; fits && i < operands.size(); i++) {
      fits = operands.get(i) == last;
    }
    fits &=
        switch (signature) {
          case NUMERIC -> last != ScalarType.BOOL;
          case FLOAT -> last.isFloat();
          case INTEGER, COMPARE_INTEGER -> last.isInteger();
          case BITS -> !last.isFloat();
          case COMPARE -> true;
          case SELECT -> !operands.isEmpty() && operands.getFirst() == ScalarType.BOOL;
          case CONVERSION -> last == from;
        };
    if (!fits) {
      throw new IllegalArgumentException(this + " does not take " + operands);
    }
    return switch (signature) {
      case COMPARE, COMPARE_INTEGER -> ScalarType.BOOL;
      case CONVERSION -> to;
      case NUMERIC, FLOAT, INTEGER, BITS, SELECT -> last;
    };
  }
}
