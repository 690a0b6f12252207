package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Fields of a block: little-endian, at any byte. */
final class Bits {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Bits() {}

  static int u8(MemorySegment blocks, long at) {
    return blocks.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  static int i8(MemorySegment blocks, long at) {
    return blocks.get(ValueLayout.JAVA_BYTE, at);
  }

  static int u16(MemorySegment blocks, long at) {
    return blocks.get(SHORT, at) & 0xFFFF;
  }

  static int i32(MemorySegment blocks, long at) {
    return blocks.get(INT, at);
  }

  static float f16(MemorySegment blocks, long at) {
    return Float.float16ToFloat(blocks.get(SHORT, at));
  }

  static void put8(MemorySegment blocks, long at, int value) {
    blocks.set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }

  /** Stores {@code value} as f16; gives it back as it was rounded. */
  static float putF16(MemorySegment blocks, long at, float value) {
    short bits = Float.floatToFloat16(value);
    blocks.set(SHORT, at, bits);
    return Float.float16ToFloat(bits);
  }
}
