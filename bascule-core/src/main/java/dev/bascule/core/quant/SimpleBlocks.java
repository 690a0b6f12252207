package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 32 elements with one scale d, and in the {@code _1} types a minimum m: an element is d
 * q or d q + m. Nibbles of the first half lie in the low bits, those of the second in the high
 * bits.
 */
final class SimpleBlocks {
  private static final int HALF = 16;

  private SimpleBlocks() {}

  /** d f16, 32 signed bytes. */
  static void q80(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    for (int i = 0; i < 2 * HALF; i++) {
      values[to + i] = Bits.i8(blocks, at + 2 + i) * d;
    }
  }

  /** d f16, 16 bytes of nibbles less 8. */
  static void q40(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 2 + i);
      values[to + i] = ((pair & 15) - 8) * d;
      values[to + i + HALF] = ((pair >> 4) - 8) * d;
    }
  }

  /** d f16, m f16, 16 bytes of nibbles. */
  static void q41(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    float m = Bits.f16(blocks, at + 2);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 4 + i);
      values[to + i] = (pair & 15) * d + m;
      values[to + i + HALF] = (pair >> 4) * d + m;
    }
  }

  /** d f16, 32 fifth bits, 16 bytes of nibbles; less 16. */
  static void q50(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    int high = Bits.i32(blocks, at + 2);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 6 + i);
      values[to + i] = ((pair & 15 | (high >>> i & 1) << 4) - 16) * d;
      values[to + i + HALF] = ((pair >> 4 | (high >>> i + HALF & 1) << 4) - 16) * d;
    }
  }

  /** d f16, m f16, 32 fifth bits, 16 bytes of nibbles. */
  static void q51(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    float m = Bits.f16(blocks, at + 2);
    int high = Bits.i32(blocks, at + 4);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 8 + i);
      values[to + i] = (pair & 15 | (high >>> i & 1) << 4) * d + m;
      values[to + i + HALF] = (pair >> 4 | (high >>> i + HALF & 1) << 4) * d + m;
    }
  }
}
