package dev.bascule.cpu.portable;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import java.lang.foreign.MemorySegment;

/** Runs of elements from a register to memory, converted to their dtype. */
final class Stores {
  private Stores() {}

  /** Stores {@code n} elements of {@code slot} from {@code at} on. */
  static void run(
      DType dtype,
      MemorySegment memory,
      long offset,
      long stride,
      int n,
      Registers registers,
      int slot,
      int at) {
    switch (dtype) {
      case F32 -> floats(memory, offset, stride, n, registers.f32(slot), at);
      case F64 -> doubles(memory, offset, stride, n, registers.f64(slot), at);
      case I32, U32 -> ints(memory, offset, stride, n, registers.i32(slot), at);
      case I64, U64 -> longs(memory, offset, stride, n, registers.i64(slot), at);
      case F16 -> {
        toF16(registers.f32(slot), at, registers.shorts(), n);
        shorts(memory, offset, stride, n, registers.shorts());
      }
      case BF16 -> {
        toBf16(registers.f32(slot), at, registers.shorts(), n);
        shorts(memory, offset, stride, n, registers.shorts());
      }
      case F8E4M3 -> {
        toE4m3(registers.f32(slot), at, registers.bytes(), n);
        bytes(memory, offset, stride, n, registers.bytes(), 0);
      }
      case F8E5M2 -> {
        toE5m2(registers.f32(slot), at, registers.bytes(), n);
        bytes(memory, offset, stride, n, registers.bytes(), 0);
      }
      case I16, U16 -> {
        narrow(registers.i32(slot), at, registers.shorts(), n);
        shorts(memory, offset, stride, n, registers.shorts());
      }
      case I8, U8 -> {
        narrow(registers.i32(slot), at, registers.bytes(), n);
        bytes(memory, offset, stride, n, registers.bytes(), 0);
      }
      case BOOL -> bytes(memory, offset, stride, n, registers.bool(slot), at);
      case I4, U4 -> nibbles(memory, offset, stride, n, registers.i32(slot), at);
    }
  }

  private static void floats(
      MemorySegment memory, long offset, long stride, int n, float[] from, int at) {
    if (stride == 1) {
      MemorySegment.copy(from, at, memory, JAVA_FLOAT_UNALIGNED, offset * 4, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_FLOAT_UNALIGNED, (offset + i * stride) * 4, from[at + i]);
      }
    }
  }

  private static void doubles(
      MemorySegment memory, long offset, long stride, int n, double[] from, int at) {
    if (stride == 1) {
      MemorySegment.copy(from, at, memory, JAVA_DOUBLE_UNALIGNED, offset * 8, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_DOUBLE_UNALIGNED, (offset + i * stride) * 8, from[at + i]);
      }
    }
  }

  private static void ints(
      MemorySegment memory, long offset, long stride, int n, int[] from, int at) {
    if (stride == 1) {
      MemorySegment.copy(from, at, memory, JAVA_INT_UNALIGNED, offset * 4, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_INT_UNALIGNED, (offset + i * stride) * 4, from[at + i]);
      }
    }
  }

  private static void longs(
      MemorySegment memory, long offset, long stride, int n, long[] from, int at) {
    if (stride == 1) {
      MemorySegment.copy(from, at, memory, JAVA_LONG_UNALIGNED, offset * 8, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_LONG_UNALIGNED, (offset + i * stride) * 8, from[at + i]);
      }
    }
  }

  private static void shorts(MemorySegment memory, long offset, long stride, int n, short[] from) {
    if (stride == 1) {
      MemorySegment.copy(from, 0, memory, JAVA_SHORT_UNALIGNED, offset * 2, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_SHORT_UNALIGNED, (offset + i * stride) * 2, from[i]);
      }
    }
  }

  private static void bytes(
      MemorySegment memory, long offset, long stride, int n, byte[] from, int at) {
    if (stride == 1) {
      MemorySegment.copy(from, at, memory, JAVA_BYTE, offset, n);
    } else {
      for (int i = 0; i < n; i++) {
        memory.set(JAVA_BYTE, offset + i * stride, from[at + i]);
      }
    }
  }

  /** Two to a byte, low bits first; the neighbour in the byte stays. */
  private static void nibbles(
      MemorySegment memory, long offset, long stride, int n, int[] from, int at) {
    for (int i = 0; i < n; i++) {
      long element = offset + i * stride;
      int shift = (int) (element & 1) << 2;
      int kept = memory.get(JAVA_BYTE, element >> 1) & ~(0xF << shift);
      memory.set(JAVA_BYTE, element >> 1, (byte) (kept | (from[at + i] & 0xF) << shift));
    }
  }

  private static void toF16(float[] from, int at, short[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.floatToFloat16(from[at + i]);
    }
  }

  private static void toBf16(float[] from, int at, short[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = SmallFloats.floatToBf16(from[at + i]);
    }
  }

  private static void toE4m3(float[] from, int at, byte[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = SmallFloats.floatToE4m3(from[at + i]);
    }
  }

  private static void toE5m2(float[] from, int at, byte[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = SmallFloats.floatToE5m2(from[at + i]);
    }
  }

  private static void narrow(int[] from, int at, short[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (short) from[at + i];
    }
  }

  private static void narrow(int[] from, int at, byte[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (byte) from[at + i];
    }
  }
}
