package dev.bascule.core.kernel;

import dev.bascule.core.ScalarType;

/**
 * The meaning of each {@link Primitive}, in Java. A scalar travels as 64 bits: f32 and i32 in the
 * low half (i32 sign-extended, f32 zero-extended), bool as 0 or 1.
 */
public final class Scalars {
  private Scalars() {}

  public static long of(float value) {
    return Float.floatToRawIntBits(value) & 0xFFFF_FFFFL;
  }

  public static long of(double value) {
    return Double.doubleToRawLongBits(value);
  }

  public static long of(boolean value) {
    return value ? 1 : 0;
  }

  public static float f32(long bits) {
    return Float.intBitsToFloat((int) bits);
  }

  public static double f64(long bits) {
    return Double.longBitsToDouble(bits);
  }

  /** Applies {@code op} whose last operand has type {@code type}; unused operands are ignored. */
  public static long apply(Primitive op, ScalarType type, long a, long b, long c) {
    if (op == Primitive.SELECT) {
      return a != 0 ? b : c;
    }
    if (op.isConversion()) {
      return convert(op, a);
    }
    return switch (type) {
      case F32 -> applyF32(op, f32(a), f32(b), f32(c));
      case F64 -> applyF64(op, f64(a), f64(b), f64(c));
      case I32 -> applyI32(op, (int) a, (int) b);
      case I64 -> applyI64(op, a, b);
      case BOOL -> applyBool(op, a, b);
    };
  }

  private static long applyF32(Primitive op, float a, float b, float c) {
    return switch (op) {
      case ADD -> of(a + b);
      case SUB -> of(a - b);
      case MUL -> of(a * b);
      case DIV -> of(a / b);
      case FMA -> of(Math.fma(a, b, c));
      case SQRT -> of((float) Math.sqrt(a));
      case NEG -> of(-a);
      case ABS -> of(Math.abs(a));
      case MIN -> of(a < b || Float.isNaN(a) ? a : b);
      case MAX -> of(a > b || Float.isNaN(a) ? a : b);
      case FLOOR -> of((float) Math.floor(a));
      case CEIL -> of((float) Math.ceil(a));
      case TRUNC -> of((float) (a < 0 || (a == 0 && 1 / a < 0) ? Math.ceil(a) : Math.floor(a)));
      case ROUND_EVEN -> of((float) Math.rint(a));
      case EQ -> of(a == b);
      case NE -> of(a != b);
      case LT -> of(a < b);
      case LE -> of(a <= b);
      default -> throw unknown(op, ScalarType.F32);
    };
  }

  private static long applyF64(Primitive op, double a, double b, double c) {
    return switch (op) {
      case ADD -> of(a + b);
      case SUB -> of(a - b);
      case MUL -> of(a * b);
      case DIV -> of(a / b);
      case FMA -> of(Math.fma(a, b, c));
      case SQRT -> of(Math.sqrt(a));
      case NEG -> of(-a);
      case ABS -> of(Math.abs(a));
      case MIN -> of(a < b || Double.isNaN(a) ? a : b);
      case MAX -> of(a > b || Double.isNaN(a) ? a : b);
      case FLOOR -> of(Math.floor(a));
      case CEIL -> of(Math.ceil(a));
      case TRUNC -> of(a < 0 || (a == 0 && 1 / a < 0) ? Math.ceil(a) : Math.floor(a));
      case ROUND_EVEN -> of(Math.rint(a));
      case EQ -> of(a == b);
      case NE -> of(a != b);
      case LT -> of(a < b);
      case LE -> of(a <= b);
      default -> throw unknown(op, ScalarType.F64);
    };
  }

  private static long applyI32(Primitive op, int a, int b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> (int) ((long) a * b);
      case DIV -> b == 0 ? 0 : a / b;
      case REM -> b == 0 ? a : a % b;
      case UDIV -> b == 0 ? 0 : Integer.divideUnsigned(a, b);
      case UREM -> b == 0 ? a : Integer.remainderUnsigned(a, b);
      case NEG -> -a;
      case ABS -> a < 0 ? -a : a;
      case MIN -> Math.min(a, b);
      case MAX -> Math.max(a, b);
      case EQ -> of(a == b);
      case NE -> of(a != b);
      case LT -> of(a < b);
      case LE -> of(a <= b);
      case ULT -> of(Integer.compareUnsigned(a, b) < 0);
      case AND -> a & b;
      case OR -> a | b;
      case XOR -> a ^ b;
      case NOT -> ~a;
      case SHL -> a << b;
      case SHR -> a >> b;
      case USHR -> a >>> b;
      default -> throw unknown(op, ScalarType.I32);
    };
  }

  private static long applyI64(Primitive op, long a, long b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> b == 0 ? 0 : a / b;
      case REM -> b == 0 ? a : a % b;
      case UDIV -> b == 0 ? 0 : Long.divideUnsigned(a, b);
      case UREM -> b == 0 ? a : Long.remainderUnsigned(a, b);
      case NEG -> -a;
      case ABS -> a < 0 ? -a : a;
      case MIN -> Math.min(a, b);
      case MAX -> Math.max(a, b);
      case EQ -> of(a == b);
      case NE -> of(a != b);
      case LT -> of(a < b);
      case LE -> of(a <= b);
      case ULT -> of(Long.compareUnsigned(a, b) < 0);
      case AND -> a & b;
      case OR -> a | b;
      case XOR -> a ^ b;
      case NOT -> ~a;
      case SHL -> a << b;
      case SHR -> a >> b;
      case USHR -> a >>> b;
      default -> throw unknown(op, ScalarType.I64);
    };
  }

  private static long applyBool(Primitive op, long a, long b) {
    return switch (op) {
      case EQ -> of(a == b);
      case NE, XOR -> a ^ b;
      case LT -> of(a < b);
      case LE -> of(a <= b);
      case AND -> a & b;
      case OR -> a | b;
      case NOT -> 1 - a;
      default -> throw unknown(op, ScalarType.BOOL);
    };
  }

  private static long convert(Primitive op, long a) {
    return switch (op) {
      case F32_TO_F64 -> of((double) f32(a));
      case F64_TO_F32 -> of((float) f64(a));
      case F32_TO_I32 -> (int) f32(a);
      case F32_TO_I64 -> (long) f32(a);
      case F64_TO_I32 -> (int) f64(a);
      case F64_TO_I64 -> (long) f64(a);
      case I32_TO_F32 -> of((float) (int) a);
      case I32_TO_F64 -> of((double) (int) a);
      case I64_TO_F32 -> of((float) a);
      case I64_TO_F64 -> of((double) a);
      case I32_TO_I64, BOOL_TO_I32 -> a;
      case U32_TO_I64 -> a & 0xFFFF_FFFFL;
      case I64_TO_I32, F32_BITS -> (int) a;
      case BITS_F32 -> a & 0xFFFF_FFFFL;
      case F64_BITS, BITS_F64 -> a;
      case ROUND_F16 -> of(Float.float16ToFloat(Float.floatToFloat16(f32(a))));
      case ROUND_BF16 -> of(SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(f32(a))));
      case ROUND_F8E4M3 -> of(SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3(f32(a))));
      case ROUND_F8E5M2 -> of(SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(f32(a))));
      default -> throw unknown(op, ScalarType.BOOL);
    };
  }

  private static IllegalArgumentException unknown(Primitive op, ScalarType type) {
    return new IllegalArgumentException(op + " has no meaning for " + type);
  }
}
