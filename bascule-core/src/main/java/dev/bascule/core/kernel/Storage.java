package dev.bascule.core.kernel;

import dev.bascule.core.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How elements of each dtype lie in memory (little endian, 4-bit types low nibble first), one at a
 * time.
 */
public final class Storage {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Storage() {}

  /** Element {@code index} as {@link Scalars} bits of the dtype's scalar type. */
  public static long load(DType dtype, MemorySegment memory, long index) {
    return switch (dtype) {
      case F64, I64, U64 -> memory.get(LONG, index * 8);
      case F32 -> memory.get(INT, index * 4) & 0xFFFF_FFFFL;
      case I32, U32 -> memory.get(INT, index * 4);
      case F16 -> Scalars.of(Float.float16ToFloat(memory.get(SHORT, index * 2)));
      case BF16 -> Scalars.of(SmallFloats.bf16ToFloat(memory.get(SHORT, index * 2)));
      case I16 -> memory.get(SHORT, index * 2);
      case U16 -> memory.get(SHORT, index * 2) & 0xFFFF;
      case F8E4M3 -> Scalars.of(SmallFloats.e4m3ToFloat(memory.get(ValueLayout.JAVA_BYTE, index)));
      case F8E5M2 -> Scalars.of(SmallFloats.e5m2ToFloat(memory.get(ValueLayout.JAVA_BYTE, index)));
      case I8 -> memory.get(ValueLayout.JAVA_BYTE, index);
      case U8 -> memory.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
      case BOOL -> memory.get(ValueLayout.JAVA_BYTE, index) != 0 ? 1 : 0;
      case I4 -> nibble(memory, index) << 28 >> 28;
      case U4 -> nibble(memory, index);
    };
  }

  private static int nibble(MemorySegment memory, long index) {
    return memory.get(ValueLayout.JAVA_BYTE, index >> 1) >> (int) (index & 1) * 4 & 15;
  }

  /** Writes a scalar; floats round to the dtype, integers keep their low bits. */
  public static void store(DType dtype, MemorySegment memory, long index, long bits) {
    switch (dtype) {
      case F64, I64, U64 -> memory.set(LONG, index * 8, bits);
      case F32, I32, U32 -> memory.set(INT, index * 4, (int) bits);
      case F16 -> memory.set(SHORT, index * 2, Float.floatToFloat16(Scalars.f32(bits)));
      case BF16 -> memory.set(SHORT, index * 2, SmallFloats.floatToBf16(Scalars.f32(bits)));
      case I16, U16 -> memory.set(SHORT, index * 2, (short) bits);
      case F8E4M3 ->
          memory.set(ValueLayout.JAVA_BYTE, index, SmallFloats.floatToE4m3(Scalars.f32(bits)));
      case F8E5M2 ->
          memory.set(ValueLayout.JAVA_BYTE, index, SmallFloats.floatToE5m2(Scalars.f32(bits)));
      case I8, U8, BOOL -> memory.set(ValueLayout.JAVA_BYTE, index, (byte) bits);
      case I4, U4 -> {
        int shift = (int) (index & 1) * 4;
        int old = memory.get(ValueLayout.JAVA_BYTE, index >> 1) & ~(15 << shift);
        memory.set(ValueLayout.JAVA_BYTE, index >> 1, (byte) (old | ((int) bits & 15) << shift));
      }
    }
  }

  /** Writes {@code value} rounded to the dtype; integers are truncated. */
  public static void storeNumber(DType dtype, MemorySegment memory, long index, double value) {
    store(dtype, memory, index, bits(dtype, value));
  }

  /** {@code value} as scalar bits of the dtype. */
  public static long bits(DType dtype, double value) {
    return switch (dtype.scalar()) {
      case F32 -> Scalars.of((float) value);
      case F64 -> Scalars.of(value);
      case I32 -> (int) (long) value;
      case I64 -> (long) value;
      case BOOL -> value != 0 ? 1 : 0;
    };
  }

  /** Scalar bits of the dtype as a double. */
  public static double number(DType dtype, long bits) {
    return switch (dtype.scalar()) {
      case F32 -> Scalars.f32(bits);
      case F64 -> Scalars.f64(bits);
      case I32 -> dtype == DType.U32 ? bits & 0xFFFF_FFFFL : bits;
      case I64 -> dtype == DType.U64 && bits < 0 ? (double) (bits >>> 1) * 2 : bits;
      case BOOL -> bits;
    };
  }
}
