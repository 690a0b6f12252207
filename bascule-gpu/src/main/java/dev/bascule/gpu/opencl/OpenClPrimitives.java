package dev.bascule.gpu.opencl;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Primitive;
import java.util.List;

/**
 * The text of each {@link Primitive} in OpenCL C, whose signed overflow and oversized shifts are
 * undefined where the IR's wrap: integers are computed unsigned. A BOOL is an {@code int} that is 0
 * or 1.
 */
final class OpenClPrimitives {
  private final boolean divideThroughDouble;

  /**
   * @param divideThroughDouble where single-precision division and square root are not correctly
   *     rounded: a double has more than twice a float's precision, so rounding its quotient or root
   *     once more gives the correctly rounded one (Figueroa, When is double rounding innocuous?,
   *     1995)
   */
  OpenClPrimitives(boolean divideThroughDouble) {
    this.divideThroughDouble = divideThroughDouble;
  }

  /** {@code op} of {@code operands} (C text), the last of which has type {@code type}. */
  String apply(Primitive op, ScalarType type, List<String> operands) {
    String a = operands.getFirst();
    String b = operands.size() > 1 ? operands.get(1) : "";
    String c = operands.size() > 2 ? operands.get(2) : "";
    if (op == Primitive.SELECT) {
      return a + " ? " + b + " : " + c;
    }
    if (op.isConversion()) {
      return convert(op, a);
    }
    return switch (type) {
      case F32, F64 -> ofFloats(op, type, a, b, c);
      case I32 -> ofIntegers(op, "int", "uint", 31, a, b);
      case I64 -> ofIntegers(op, "long", "ulong", 63, a, b);
      case BOOL -> ofTruths(op, a, b);
    };
  }

  private String ofFloats(Primitive op, ScalarType type, String a, String b, String c) {
    boolean throughDouble = divideThroughDouble && type == ScalarType.F32;
    return switch (op) {
      case ADD -> a + " + " + b;
      case SUB -> a + " - " + b;
      case MUL -> a + " * " + b;
      case DIV -> throughDouble ? "(float)((double)" + a + " / (double)" + b + ")" : a + " / " + b;
      case FMA -> "fma(" + a + ", " + b + ", " + c + ")";
      case SQRT -> throughDouble ? "(float)sqrt((double)" + a + ")" : "sqrt(" + a + ")";
      case NEG -> "-" + a;
      case ABS -> "fabs(" + a + ")";
      case MIN -> "(%1$s < %2$s || %1$s != %1$s) ? %1$s : %2$s".formatted(a, b);
      case MAX -> "(%1$s > %2$s || %1$s != %1$s) ? %1$s : %2$s".formatted(a, b);
      case FLOOR -> "floor(" + a + ")";
      case CEIL -> "ceil(" + a + ")";
      case TRUNC -> "trunc(" + a + ")";
      case ROUND_EVEN -> "rint(" + a + ")";
      case EQ -> a + " == " + b;
      case NE -> a + " != " + b;
      case LT -> a + " < " + b;
      case LE -> a + " <= " + b;
      default -> throw unknown(op, type.toString());
    };
  }

  private static String ofIntegers(
      Primitive op, String type, String unsigned, int widthMask, String a, String b) {
    String ua = "(" + unsigned + ")" + a;
    String ub = "(" + unsigned + ")" + b;
    String count = "((" + unsigned + ")" + b + " & " + widthMask + ")";
    String wrapped = "(" + type + ")(%s)";
    String suffix = type.equals("int") ? "i32" : "i64";
    return switch (op) {
      case ADD -> wrapped.formatted(ua + " + " + ub);
      case SUB -> wrapped.formatted(ua + " - " + ub);
      case MUL -> wrapped.formatted(ua + " * " + ub);
      case DIV -> "div_" + suffix + "(" + a + ", " + b + ")";
      case REM -> "rem_" + suffix + "(" + a + ", " + b + ")";
      case UDIV -> "%s == 0 ? 0 : ".formatted(b) + wrapped.formatted(ua + " / " + ub);
      case UREM -> "%s == 0 ? %s : ".formatted(b, a) + wrapped.formatted(ua + " % " + ub);
      case NEG -> wrapped.formatted("0 - " + ua);
      case ABS -> "%1$s < 0 ? %2$s : %1$s".formatted(a, wrapped.formatted("0 - " + ua));
      case MIN -> "min(" + a + ", " + b + ")";
      case MAX -> "max(" + a + ", " + b + ")";
      case EQ -> a + " == " + b;
      case NE -> a + " != " + b;
      case LT -> a + " < " + b;
      case LE -> a + " <= " + b;
      case ULT -> ua + " < " + ub;
      case AND -> a + " & " + b;
      case OR -> a + " | " + b;
      case XOR -> a + " ^ " + b;
      case NOT -> "~" + a;
      case SHL -> wrapped.formatted(ua + " << " + count);
      case SHR -> a + " >> " + count;
      case USHR -> wrapped.formatted(ua + " >> " + count);
      default -> throw unknown(op, type);
    };
  }

  private static String ofTruths(Primitive op, String a, String b) {
    return switch (op) {
      case EQ -> a + " == " + b;
      case NE, XOR -> a + " ^ " + b;
      case LT -> a + " < " + b;
      case LE -> a + " <= " + b;
      // folds of truths: the greatest is any, the least is all
      case AND, MIN -> a + " & " + b;
      case OR, MAX -> a + " | " + b;
      case NOT -> "1 - " + a;
      default -> throw unknown(op, "bool");
    };
  }

  private static String convert(Primitive op, String a) {
    return switch (op) {
      case F32_TO_F64, I32_TO_F64, I64_TO_F64 -> "(double)" + a;
      case F64_TO_F32, I32_TO_F32, I64_TO_F32 -> "(float)" + a;
      case F32_TO_I32 -> "f32_to_i32(" + a + ")";
      case F32_TO_I64 -> "f32_to_i64(" + a + ")";
      case F64_TO_I32 -> "f64_to_i32(" + a + ")";
      case F64_TO_I64 -> "f64_to_i64(" + a + ")";
      case I32_TO_I64 -> "(long)" + a;
      case U32_TO_I64 -> "(long)(uint)" + a;
      case I64_TO_I32 -> "(int)" + a;
      case BOOL_TO_I32 -> a;
      case F32_BITS -> "as_int(" + a + ")";
      case BITS_F32 -> "as_float(" + a + ")";
      case F64_BITS -> "as_long(" + a + ")";
      case BITS_F64 -> "as_double(" + a + ")";
      case ROUND_F16 -> "round_f16(" + a + ")";
      case ROUND_BF16 -> "bf16_to_f32(f32_to_bf16(" + a + "))";
      case ROUND_F8E4M3 -> "e4m3_to_f32(f32_to_e4m3(" + a + "))";
      case ROUND_F8E5M2 -> "e5m2_to_f32(f32_to_e5m2(" + a + "))";
      default -> throw unknown(op, "a conversion");
    };
  }

  private static IllegalArgumentException unknown(Primitive op, String type) {
    return new IllegalArgumentException(op + " has no OpenCL text for " + type);
  }
}
