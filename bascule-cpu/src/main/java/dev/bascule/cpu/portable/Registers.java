package dev.bascule.cpu.portable;

import dev.bascule.core.ScalarType;
import java.util.Arrays;

/** One worker's tile registers: arrays of one tile each, numbered per scalar type. */
final class Registers {
  private final float[][] f32;
  private final double[][] f64;
  private final int[][] i32;
  private final long[][] i64;
  private final byte[][] bool;
  private final short[] shorts;
  private final byte[] bytes;

  /**
   * @param counts registers wanted, by {@link ScalarType#ordinal()}
   * @param tile elements of a register
   */
  Registers(int[] counts, int tile) {
    f32 = new float[counts[ScalarType.F32.ordinal()]][tile];
    f64 = new double[counts[ScalarType.F64.ordinal()]][tile];
    i32 = new int[counts[ScalarType.I32.ordinal()]][tile];
    i64 = new long[counts[ScalarType.I64.ordinal()]][tile];
    bool = new byte[counts[ScalarType.BOOL.ordinal()]][tile];
    shorts = new short[tile];
    bytes = new byte[tile];
  }

  float[] f32(int slot) {
    return f32[slot];
  }

  double[] f64(int slot) {
    return f64[slot];
  }

  int[] i32(int slot) {
    return i32[slot];
  }

  long[] i64(int slot) {
    return i64[slot];
  }

  byte[] bool(int slot) {
    return bool[slot];
  }

  /** Staging between memory of 16-bit types and a register. */
  short[] shorts() {
    return shorts;
  }

  /** Staging between memory of 8-bit types and a register. */
  byte[] bytes() {
    return bytes;
  }

  /** Fills {@code [from, to)} with a scalar's bits. */
  void fill(ScalarType type, int slot, int from, int to, long bits) {
    switch (type) {
      case F32 -> Arrays.fill(f32[slot], from, to, Float.intBitsToFloat((int) bits));
      case F64 -> Arrays.fill(f64[slot], from, to, Double.longBitsToDouble(bits));
      case I32 -> Arrays.fill(i32[slot], from, to, (int) bits);
      case I64 -> Arrays.fill(i64[slot], from, to, bits);
      case BOOL -> Arrays.fill(bool[slot], from, to, (byte) bits);
    }
  }

  /** Element {@code at} as a scalar's bits. */
  long get(ScalarType type, int slot, int at) {
    return switch (type) {
      case F32 -> Float.floatToRawIntBits(f32[slot][at]);
      case F64 -> Double.doubleToRawLongBits(f64[slot][at]);
      case I32 -> i32[slot][at];
      case I64 -> i64[slot][at];
      case BOOL -> bool[slot][at];
    };
  }

  /** Copies the first {@code n} elements of {@code from} to {@code at} of {@code to}. */
  void copy(ScalarType type, int from, int to, int at, int n) {
    switch (type) {
      case F32 -> System.arraycopy(f32[from], 0, f32[to], at, n);
      case F64 -> System.arraycopy(f64[from], 0, f64[to], at, n);
      case I32 -> System.arraycopy(i32[from], 0, i32[to], at, n);
      case I64 -> System.arraycopy(i64[from], 0, i64[to], at, n);
      case BOOL -> System.arraycopy(bool[from], 0, bool[to], at, n);
    }
  }
}
