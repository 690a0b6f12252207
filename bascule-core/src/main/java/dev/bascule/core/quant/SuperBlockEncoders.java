package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/** Writes fitted blocks of 256 elements into the layouts that {@link SuperBlocks} reads. */
final class SuperBlockEncoders {
  private SuperBlockEncoders() {}

  static void q4k(float[] values, int from, MemorySegment blocks, long at) {
    AffineSuperBlock fit = new AffineSuperBlock(values, from, 15);
    affineHead(fit, blocks, at);
    for (int i = 0; i < 128; i++) {
      int element = i / 32 * 64 + i % 32;
      int pair = fit.number(element) | fit.number(element + 32) << 4;
      Bits.put8(blocks, at + SuperBlocks.Q4K_NIBBLES_AT + i, pair);
    }
  }

  static void q5k(float[] values, int from, MemorySegment blocks, long at) {
    AffineSuperBlock fit = new AffineSuperBlock(values, from, 31);
    affineHead(fit, blocks, at);
    byte[] high = new byte[32];
    for (int i = 0; i < 128; i++) {
      int element = i / 32 * 64 + i % 32;
      int low = fit.number(element);
      int upper = fit.number(element + 32);
      Bits.put8(blocks, at + SuperBlocks.Q5K_NIBBLES_AT + i, low & 15 | (upper & 15) << 4);
      int sub = element / 32;
      high[i % 32] |= (byte) (low >> 4 << sub | upper >> 4 << sub + 1);
    }
    MemorySegment.copy(
        MemorySegment.ofArray(high), 0, blocks, at + SuperBlocks.Q5K_HIGH_AT, high.length);
  }

  /** d, dmin and the packed scales and minima; see {@link SuperBlocks#scale}. */
  private static void affineHead(AffineSuperBlock fit, MemorySegment blocks, long at) {
    Bits.putF16(blocks, at, fit.d());
    Bits.putF16(blocks, at + 2, fit.dmin());
    long scales = at + SuperBlocks.Q4K_SCALES_AT;
    for (int sub = 0; sub < 4; sub++) {
      Bits.put8(blocks, scales + sub, fit.scale(sub) | fit.scale(sub + 4) >> 4 << 6);
      Bits.put8(blocks, scales + 4 + sub, fit.minimum(sub) | fit.minimum(sub + 4) >> 4 << 6);
      Bits.put8(
          blocks, scales + 8 + sub, fit.scale(sub + 4) & 15 | (fit.minimum(sub + 4) & 15) << 4);
    }
  }

  static void q6k(float[] values, int from, MemorySegment blocks, long at) {
    SymmetricSuperBlock fit = new SymmetricSuperBlock(values, from);
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < 32; i++) {
        int element = half * 128 + i;
        int first = fit.number(element) + 32;
        int second = fit.number(element + 32) + 32;
        int third = fit.number(element + 64) + 32;
        int fourth = fit.number(element + 96) + 32;
        long low = at + half * 64L + i;
        Bits.put8(blocks, low, first & 15 | (third & 15) << 4);
        Bits.put8(blocks, low + 32, second & 15 | (fourth & 15) << 4);
        int high = first >> 4 | second >> 4 << 2 | third >> 4 << 4 | fourth >> 4 << 6;
        Bits.put8(blocks, at + SuperBlocks.Q6K_HIGH_AT + half * 32L + i, high);
      }
    }
    for (int sub = 0; sub < 16; sub++) {
      Bits.put8(blocks, at + SuperBlocks.Q6K_SCALES_AT + sub, fit.scale(sub));
    }
    Bits.putF16(blocks, at + SuperBlocks.Q6K_D_AT, fit.d());
  }
}
