package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.SmallFloats;

/** Loops that take one scalar type to another. */
final class ConversionLoops {
  private ConversionLoops() {}

  /** Converts slot {@code from} into slot {@code to} of the types that {@code op} says. */
  static void apply(Primitive op, Registers registers, int to, int from, int n) {
    switch (op) {
      case F32_TO_F64 -> f32ToF64(registers.f64(to), registers.f32(from), n);
      case F64_TO_F32 -> f64ToF32(registers.f32(to), registers.f64(from), n);
      case F32_TO_I32 -> f32ToI32(registers.i32(to), registers.f32(from), n);
      case F32_TO_I64 -> f32ToI64(registers.i64(to), registers.f32(from), n);
      case F64_TO_I32 -> f64ToI32(registers.i32(to), registers.f64(from), n);
      case F64_TO_I64 -> f64ToI64(registers.i64(to), registers.f64(from), n);
      case I32_TO_F32 -> i32ToF32(registers.f32(to), registers.i32(from), n);
      case I32_TO_F64 -> i32ToF64(registers.f64(to), registers.i32(from), n);
      case I64_TO_F32 -> i64ToF32(registers.f32(to), registers.i64(from), n);
      case I64_TO_F64 -> i64ToF64(registers.f64(to), registers.i64(from), n);
      case I32_TO_I64 -> i32ToI64(registers.i64(to), registers.i32(from), n);
      case U32_TO_I64 -> u32ToI64(registers.i64(to), registers.i32(from), n);
      case I64_TO_I32 -> i64ToI32(registers.i32(to), registers.i64(from), n);
      case BOOL_TO_I32 -> boolToI32(registers.i32(to), registers.bool(from), n);
      case F32_BITS -> f32Bits(registers.i32(to), registers.f32(from), n);
      case BITS_F32 -> bitsF32(registers.f32(to), registers.i32(from), n);
      case F64_BITS -> f64Bits(registers.i64(to), registers.f64(from), n);
      case BITS_F64 -> bitsF64(registers.f64(to), registers.i64(from), n);
      case ROUND_F16 -> roundF16(registers.f32(to), registers.f32(from), n);
      case ROUND_BF16 -> roundBf16(registers.f32(to), registers.f32(from), n);
      case ROUND_F8E4M3 -> roundF8e4m3(registers.f32(to), registers.f32(from), n);
      case ROUND_F8E5M2 -> roundF8e5m2(registers.f32(to), registers.f32(from), n);
      default -> throw new IllegalArgumentException(op + " is no conversion");
    }
  }

  private static void f32ToF64(double[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i];
    }
  }

  private static void f64ToF32(float[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) a[i];
    }
  }

  private static void f32ToI32(int[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (int) a[i];
    }
  }

  private static void f32ToI64(long[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (long) a[i];
    }
  }

  private static void f64ToI32(int[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (int) a[i];
    }
  }

  private static void f64ToI64(long[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (long) a[i];
    }
  }

  private static void i32ToF32(float[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) a[i];
    }
  }

  private static void i32ToF64(double[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i];
    }
  }

  private static void i64ToF32(float[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) a[i];
    }
  }

  private static void i64ToF64(double[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (double) a[i];
    }
  }

  private static void i32ToI64(long[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i];
    }
  }

  private static void u32ToI64(long[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] & 0xFFFF_FFFFL;
    }
  }

  private static void i64ToI32(int[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (int) a[i];
    }
  }

  private static void boolToI32(int[] r, byte[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i];
    }
  }

  private static void f32Bits(int[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Float.floatToRawIntBits(a[i]);
    }
  }

  private static void bitsF32(float[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Float.intBitsToFloat(a[i]);
    }
  }

  private static void f64Bits(long[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Double.doubleToRawLongBits(a[i]);
    }
  }

  private static void bitsF64(double[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Double.longBitsToDouble(a[i]);
    }
  }

  private static void roundF16(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Float.float16ToFloat(Float.floatToFloat16(a[i]));
    }
  }

  private static void roundBf16(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(a[i]));
    }
  }

  private static void roundF8e4m3(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3(a[i]));
    }
  }

  private static void roundF8e5m2(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(a[i]));
    }
  }
}
