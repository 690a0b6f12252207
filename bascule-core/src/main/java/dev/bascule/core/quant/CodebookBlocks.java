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
  static void iq4nl(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = Bits.f16(blocks, at);
    nibbles(blocks, at + 2, NON_LINEAR, to, 0);
  }

  /** A power of two in e8m0, 16 bytes of nibbles. */
  static void mxfp4(MemorySegment blocks, long at, UnpackedBlock to) {
    to.scales[0] = halfOfE8m0(Bits.u8(blocks, at));
    nibbles(blocks, at + 1, E2M1_DOUBLED, to, 0);
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
  static void iq4xs(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at);
    int high = Bits.u16(blocks, at + 2);
    for (int i = 0; i < 8; i++) {
      int low = Bits.u8(blocks, at + 4 + i / 2) >> 4 * (i % 2) & 15;
      int scale = (low | (high >> 2 * i & 3) << 4) - 32;
      to.scales[i] = d * scale;
      nibbles(blocks, at + 8 + (long) HALF * i, NON_LINEAR, to, 2 * HALF * i);
    }
  }

  private static void nibbles(
      MemorySegment blocks, long at, byte[] codebook, UnpackedBlock to, int first) {
    for (int i = 0; i < HALF; i++) {
      int pair = Bits.u8(blocks, at + i);
      to.numbers[first + i] = codebook[pair & 15];
      to.numbers[first + i + HALF] = codebook[pair >> 4];
    }
  }
}
