package dev.bascule.cpu.portable;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.SmallFloats;
import java.lang.foreign.MemorySegment;

/** Runs of elements from memory into a register, converted from their dtype. */
final class Loads {
  private static final float[] E4M3 = new float[256];
  private static final float[] E5M2 = new float[256];

  static {
    for (int i = 0; i < 256; i++) {
      E4M3[i] = SmallFloats.e4m3ToFloat((byte) i);
      E5M2[i] = SmallFloats.e5m2ToFloat((byte) i);
    }
  }

  private Loads() {}

  /**
   * Loads {@code n} elements at {@code offset}, {@code offset + stride}, ... into {@code slot} from
   * {@code at} on.
   */
  static void run(
      DType dtype,
      MemorySegment memory,
      long offset,
      long stride,
      int n,
      Registers registers,
      int slot,
      int at) {
    if (stride == 0 && n > 1) {
      run(dtype, memory, offset, 1, 1, registers, slot, at);
      repeat(dtype.scalar(), registers, slot, at, n);
      return;
    }
    switch (dtype) {
      case F32 -> floats(memory, offset, stride, n, registers.f32(slot), at);
      case F64 -> doubles(memory, offset, stride, n, registers.f64(slot), at);
      case I32, U32 -> ints(memory, offset, stride, n, registers.i32(slot), at);
      case I64, U64 -> longs(memory, offset, stride, n, registers.i64(slot), at);
      case F16 -> {
        shorts(memory, offset, stride, n, registers.shorts());
        fromF16(registers.shorts(), registers.f32(slot), at, n);
      }
      case BF16 -> {
        shorts(memory, offset, stride, n, registers.shorts());
        fromBf16(registers.shorts(), registers.f32(slot), at, n);
      }
      case F8E4M3, F8E5M2 -> {
        float[] values = dtype == DType.F8E4M3 ? E4M3 : E5M2;
        bytes(memory, offset, stride, n, registers.bytes(), 0);
        fromTable(values, registers.bytes(), registers.f32(slot), at, n);
      }
      case I16 -> {
        shorts(memory, offset, stride, n, registers.shorts());
        extend(registers.shorts(), registers.i32(slot), at, n);
      }
      case U16 -> {
        shorts(memory, offset, stride, n, registers.shorts());
        extendUnsigned(registers.shorts(), registers.i32(slot), at, n);
      }
      case I8 -> {
        bytes(memory, offset, stride, n, registers.bytes(), 0);
        extend(registers.bytes(), registers.i32(slot), at, n);
      }
      case U8 -> {
        bytes(memory, offset, stride, n, registers.bytes(), 0);
        extendUnsigned(registers.bytes(), registers.i32(slot), at, n);
      }
      case BOOL -> {
        bytes(memory, offset, stride, n, registers.bytes(), 0);
        truth(registers.bytes(), registers.bool(slot), at, n);
      }
      case I4 -> {
        nibbles(memory, offset, stride, n, registers.i32(slot), at);
        signNibbles(registers.i32(slot), at, n);
      }
      case U4 -> nibbles(memory, offset, stride, n, registers.i32(slot), at);
    }
  }

  private static void repeat(ScalarType type, Registers registers, int slot, int at, int n) {
    registers.fill(type, slot, at + 1, at + n, registers.get(type, slot, at));
  }

  private static void floats(
      MemorySegment memory, long offset, long stride, int n, float[] to, int at) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_FLOAT_UNALIGNED, offset * 4, to, at, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = memory.get(JAVA_FLOAT_UNALIGNED, (offset + i * stride) * 4);
      }
    }
  }

  private static void doubles(
      MemorySegment memory, long offset, long stride, int n, double[] to, int at) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_DOUBLE_UNALIGNED, offset * 8, to, at, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = memory.get(JAVA_DOUBLE_UNALIGNED, (offset + i * stride) * 8);
      }
    }
  }

  private static void ints(
      MemorySegment memory, long offset, long stride, int n, int[] to, int at) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_INT_UNALIGNED, offset * 4, to, at, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = memory.get(JAVA_INT_UNALIGNED, (offset + i * stride) * 4);
      }
    }
  }

  private static void longs(
      MemorySegment memory, long offset, long stride, int n, long[] to, int at) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_LONG_UNALIGNED, offset * 8, to, at, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = memory.get(JAVA_LONG_UNALIGNED, (offset + i * stride) * 8);
      }
    }
  }

  private static void shorts(MemorySegment memory, long offset, long stride, int n, short[] to) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_SHORT_UNALIGNED, offset * 2, to, 0, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[i] = memory.get(JAVA_SHORT_UNALIGNED, (offset + i * stride) * 2);
      }
    }
  }

  private static void bytes(
      MemorySegment memory, long offset, long stride, int n, byte[] to, int at) {
    if (stride == 1) {
      MemorySegment.copy(memory, JAVA_BYTE, offset, to, at, n);
    } else {
      for (int i = 0; i < n; i++) {
        to[at + i] = memory.get(JAVA_BYTE, offset + i * stride);
      }
    }
  }

  /** Two to a byte, low bits first; zero-extended. */
  private static void nibbles(
      MemorySegment memory, long offset, long stride, int n, int[] to, int at) {
    for (int i = 0; i < n; i++) {
      long element = offset + i * stride;
      to[at + i] = memory.get(JAVA_BYTE, element >> 1) >> ((element & 1) << 2) & 0xF;
    }
  }

  private static void signNibbles(int[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = to[at + i] << 28 >> 28;
    }
  }

  private static void fromF16(short[] from, float[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void fromBf16(short[] from, float[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = Float.intBitsToFloat(from[i] << 16);
    }
  }

  private static void fromTable(float[] table, byte[] from, float[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = table[from[i] & 0xFF];
    }
  }

  private static void extend(short[] from, int[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = from[i];
    }
  }

  private static void extendUnsigned(short[] from, int[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = from[i] & 0xFFFF;
    }
  }

  private static void extend(byte[] from, int[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = from[i];
    }
  }

  private static void extendUnsigned(byte[] from, int[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = from[i] & 0xFF;
    }
  }

  private static void truth(byte[] from, byte[] to, int at, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] = (byte) (from[i] == 0 ? 0 : 1);
    }
  }
}
