package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/** Blocks whose nibbles are indices into 16 values that do not lie evenly. */
final class CodebookBlocks {
  private static final int HALF = 16;

  /** Denser around zero, where weights are. */
  private static final byte[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** The e2m1 values of OCP's microscaling formats, doubled so that they are whole. */
  private static final byte[] E2M1_DOUBLED = {
    0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12
  };

  private CodebookBlocks() {}

  /** d f16, 16 bytes of nibbles. */
  static void iq4nl(MemorySegment blocks, long at, float[] values, int to) {
    nibbles(blocks, at + 2, Bits.f16(blocks, at), NON_LINEAR, values, to);
  }

  /** A power of two in e8m0, 16 bytes of nibbles. */
  static void mxfp4(MemorySegment blocks, long at, float[] values, int to) {
    nibbles(blocks, at + 1, halfOfE8m0(Bits.u8(blocks, at)), E2M1_DOUBLED, values, to);
  }

  /** 2^(code - 128): half of what the code means, since the values are doubled. */
  private static float halfOfE8m0(int code) {
    int bits = code < 2 ? 0x0020_0000 << code : code - 1 << 23;
    return Float.intBitsToFloat(bits);
  }

  /**
   * d f16, the high two bits of 8 scales, their low four bits, 128 bytes of nibbles. A scale, less
   * 32, belongs to 32 elements.
   */
  static void iq4xs(MemorySegment blocks, long at, float[] values, int to) {
    float d = Bits.f16(blocks, at);
    int high = Bits.u16(blocks, at + 2);
    for (int i = 0; i < 8; i++) {
      int low = Bits.u8(blocks, at + 4 + i / 2) >> 4 * (i % 2) & 15;
      int scale = (low | (high >> 2 * i & 3) << 4) - 32;
      nibbles(blocks, at + 8 + (long) HALF * i, d * scale, NON_LINEAR, values, to + 2 * HALF * i);
    }
  }

  private static void nibbles(
      MemorySegment blocks, long at, float d, byte[] codebook, float[] values, int to) {
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + i);
      values[to + i] = codebook[pair & 15] * d;
      values[to + i + HALF] = codebook[pair >> 4] * d;
    }
  }
}
