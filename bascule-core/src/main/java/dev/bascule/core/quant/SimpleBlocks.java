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
  static void q80(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    for (int i = 0; i < 2 * HALF; i++) {
      to.numbers[i] = (byte) Bits.i8(blocks, at + 2 + i);
    }
  }

  /** d f16, 16 bytes of nibbles less 8. */
  static void q40(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 2 + i);
      to.numbers[i] = (byte) ((pair & 15) - 8);
      to.numbers[i + HALF] = (byte) ((pair >> 4) - 8);
    }
  }

  /** d f16, m f16, 16 bytes of nibbles. */
  static void q41(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    to.offsets[0] = Bits.f16(blocks, at + 2);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 4 + i);
      to.numbers[i] = (byte) (pair & 15);
      to.numbers[i + HALF] = (byte) (pair >> 4);
    }
  }

  /** d f16, 32 fifth bits, 16 bytes of nibbles; less 16. */
  static void q50(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    int high = Bits.i32(blocks, at + 2);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 6 + i);
      to.numbers[i] = (byte) ((pair & 15 | (high >>> i & 1) << 4) - 16);
      to.numbers[i + HALF] = (byte) ((pair >> 4 | (high >>> i + HALF & 1) << 4) - 16);
    }
  }

  /** d f16, m f16, 32 fifth bits, 16 bytes of nibbles. */
  static void q51(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    to.offsets[0] = Bits.f16(blocks, at + 2);
    int high = Bits.i32(blocks, at + 4);
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + 8 + i);
      to.numbers[i] = (byte) (pair & 15 | (high >>> i & 1) << 4);
      to.numbers[i + HALF] = (byte) (pair >> 4 | (high >>> i + HALF & 1) << 4);
    }
  }
}
