package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.core.kernel.Term;

/**
 * How values move between dtypes, as kernel steps.
 *
 * <p>Float to float rounds once to nearest even (f64 to the 16- and 8-bit types goes through f32).
 * Float to integer rounds towards zero and saturates at the target's range; NaN gives 0. Integer to
 * integer keeps the low bits. Anything to bool is "is not zero" (NaN is true); bool gives 0 or 1.
 */
public final class Conversions {
  private Conversions() {}

  /** Steps that turn a term of {@code from} into one of {@code to}. */
  public static Term cast(KernelBuilder b, DType from, DType to, Term x) {
    if (from == to) {
      return x;
    }
    if (to == DType.BOOL) {
      return b.ne(x, b.number(x.type(), 0));
    }
    if (from == DType.BOOL) {
      return fromInteger(b, DType.I32, to, b.apply(Primitive.BOOL_TO_I32, x));
    }
    if (!from.isFloat()) {
      return fromInteger(b, from, to, x);
    }
    return to.isFloat() ? settle(b, to, floatToFloat(b, to.scalar(), x)) : floatToInteger(b, to, x);
  }

  private static Term floatToFloat(KernelBuilder b, ScalarType to, Term x) {
    if (x.type() == to) {
      return x;
    }
    return b.apply(to == ScalarType.F64 ? Primitive.F32_TO_F64 : Primitive.F64_TO_F32, x);
  }

  private static Term fromInteger(KernelBuilder b, DType from, DType to, Term x) {
    if (to.isFloat()) {
      return settle(b, to, integerToFloat(b, from, to.scalar(), x));
    }
    if (x.type() == to.scalar()) {
      return settle(b, to, x);
    }
    if (x.type() == ScalarType.I64) {
      return settle(b, to, b.apply(Primitive.I64_TO_I32, x));
    }
    return b.apply(from == DType.U32 ? Primitive.U32_TO_I64 : Primitive.I32_TO_I64, x);
  }

  private static Term integerToFloat(KernelBuilder b, DType from, ScalarType to, Term x) {
    boolean f32 = to == ScalarType.F32;
    if (from == DType.U32) {
      return b.apply(
          f32 ? Primitive.I64_TO_F32 : Primitive.I64_TO_F64, b.apply(Primitive.U32_TO_I64, x));
    }
    if (x.type() == ScalarType.I32) {
      return b.apply(f32 ? Primitive.I32_TO_F32 : Primitive.I32_TO_F64, x);
    }
    Primitive convert = f32 ? Primitive.I64_TO_F32 : Primitive.I64_TO_F64;
    if (from != DType.U64) {
      return b.apply(convert, x);
    }
    // a large unsigned value: half of it, with the lost bit kept sticky so that rounding is still
    // right, then doubled
    Term one = b.constant(1L);
    Term half = b.or(b.apply(Primitive.USHR, x, one), b.and(x, one));
    Term doubled = b.mul(b.apply(convert, half), b.number(to, 2));
    return b.select(b.lt(x, b.constant(0L)), doubled, b.apply(convert, x));
  }

  private static Term floatToInteger(KernelBuilder b, DType to, Term x) {
    boolean f32 = x.type() == ScalarType.F32;
    Primitive toLong = f32 ? Primitive.F32_TO_I64 : Primitive.F64_TO_I64;
    return switch (to) {
      case I64 -> b.apply(toLong, x);
      case I32 -> b.apply(f32 ? Primitive.F32_TO_I32 : Primitive.F64_TO_I32, x);
      case U64 -> {
        Term limit = b.number(x.type(), 0x1p63);
        Term high = b.add(b.apply(toLong, b.sub(x, limit)), b.constant(Long.MIN_VALUE));
        Term top = b.number(x.type(), 0x1p64);
        Term low = b.apply(Primitive.MAX, b.apply(toLong, x), b.constant(0L));
        Term large = b.select(b.lt(x, top), high, b.constant(-1L));
        yield b.select(b.le(limit, x), large, low);
      }
      case U32 -> {
        Term clamped = clamp(b, b.apply(toLong, x), b.constant(0L), b.constant(0xFFFF_FFFFL));
        yield b.apply(Primitive.I64_TO_I32, clamped);
      }
      default -> {
        boolean signed = to.kind() == DType.Kind.SIGNED;
        int low = signed ? -(1 << to.bits() - 1) : 0;
        int high = signed ? (1 << to.bits() - 1) - 1 : (1 << to.bits()) - 1;
        Term whole = b.apply(f32 ? Primitive.F32_TO_I32 : Primitive.F64_TO_I32, x);
        yield clamp(b, whole, b.constant(low), b.constant(high));
      }
    };
  }

  private static Term clamp(KernelBuilder b, Term x, Term low, Term high) {
    return b.apply(Primitive.MIN, b.apply(Primitive.MAX, x, low), high);
  }

  /**
   * Brings a freshly computed scalar into the range of {@code dtype}: floats round, narrow integers
   * wrap.
   */
  public static Term settle(KernelBuilder b, DType dtype, Term x) {
    return switch (dtype) {
      case F64, F32, I64, U64, I32, U32, BOOL -> x;
      case F16 -> b.apply(Primitive.ROUND_F16, x);
      case BF16 -> b.apply(Primitive.ROUND_BF16, x);
      case F8E4M3 -> b.apply(Primitive.ROUND_F8E4M3, x);
      case F8E5M2 -> b.apply(Primitive.ROUND_F8E5M2, x);
      case U16, U8, U4 -> b.and(x, b.constant((1 << dtype.bits()) - 1));
      case I16, I8, I4 -> {
        Term shift = b.constant(32 - dtype.bits());
        yield b.apply(Primitive.SHR, b.apply(Primitive.SHL, x, shift), shift);
      }
    };
  }

  /** {@link #settle(KernelBuilder, DType, Term)} of one scalar. */
  static long settle(DType dtype, long bits) {
    return switch (dtype) {
      case F64, F32, I64, U64, I32, U32, BOOL -> bits;
      case F16 -> Scalars.apply(Primitive.ROUND_F16, ScalarType.F32, bits, 0, 0);
      case BF16 -> Scalars.apply(Primitive.ROUND_BF16, ScalarType.F32, bits, 0, 0);
      case F8E4M3 -> Scalars.apply(Primitive.ROUND_F8E4M3, ScalarType.F32, bits, 0, 0);
      case F8E5M2 -> Scalars.apply(Primitive.ROUND_F8E5M2, ScalarType.F32, bits, 0, 0);
      case U16, U8, U4 -> (int) bits & (1 << dtype.bits()) - 1;
      case I16, I8, I4 -> (int) bits << 32 - dtype.bits() >> 32 - dtype.bits();
    };
  }
}
