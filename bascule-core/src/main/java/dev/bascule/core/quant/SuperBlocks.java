package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 elements: sub-blocks of 16 or 32 have a small whole scale (and minimum) each, which
 * one f16 scale d (and dmin) multiplies. An element is (d scale) q, or (d scale) q - (dmin
 * minimum).
 */
final class SuperBlocks {
  /** Where the parts of a q4_k and q5_k block begin. */
  static final int Q4K_SCALES_AT = 4;

  static final int Q4K_NIBBLES_AT = 16;
  static final int Q5K_HIGH_AT = 16;
  static final int Q5K_NIBBLES_AT = 48;

  /** Where the parts of a q6_k block begin. */
  static final int Q6K_HIGH_AT = 128;

  static final int Q6K_SCALES_AT = 192;
  static final int Q6K_D_AT = 208;

  private SuperBlocks() {}

  /** 16 bytes of scale and minimum (4 bits each), 64 bytes of 2-bit numbers, d f16, dmin f16. */
  static void q2k(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at + 80);
    float dmin = Bits.f16(blocks, at + 82);
    for (int sub = 0; sub < 16; sub++) {
      int packed = Bits.u8(blocks, at + sub);
      to.scales[sub] = d * (packed & 15);
      to.offsets[sub] = -(dmin * (packed >> 4));
      // a half of the block is 32 bytes; four sub-block pairs lie in them one above the other
      int bytesAt = 16 + sub / 8 * 32 + sub % 2 * 16;
      long bytes = at + bytesAt;
      int shift = sub % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        to.numbers[sub * 16 + i] = (byte) (Bits.u8(blocks, bytes + i) >> shift & 3);
      }
    }
  }

  /**
   * 32 bytes of third bits, 64 bytes of 2-bit numbers, 16 scales of 6 bits less 32 in 12 bytes, d
   * f16. Where the third bit is not set, 4 is taken away.
   */
  static void q3k(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at + 108);
    for (int sub = 0; sub < 16; sub++) {
      int low = Bits.u8(blocks, at + 96 + sub % 8) >> sub / 8 * 4 & 15;
      int high = Bits.u8(blocks, at + 104 + sub % 4) >> sub / 4 * 2 & 3;
      to.scales[sub] = d * ((low | high << 4) - 32);
      int bytesAt = 32 + sub / 8 * 32 + sub % 2 * 16;
      long bytes = at + bytesAt;
      int maskAt = sub % 2 * 16;
      long mask = at + maskAt;
      int shift = sub % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        int third = Bits.u8(blocks, mask + i) >> sub / 2 & 1;
        int q = (Bits.u8(blocks, bytes + i) >> shift & 3) - 4 * (1 - third);
        to.numbers[sub * 16 + i] = (byte) q;
      }
    }
  }

  /** d f16, dmin f16, 8 scales and 8 minima of 6 bits in 12 bytes, 128 bytes of nibbles. */
  static void q4k(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at);
    float dmin = Bits.f16(blocks, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      to.scales[sub] = d * scale(blocks, at + Q4K_SCALES_AT, sub);
      to.offsets[sub] = -(dmin * minimum(blocks, at + Q4K_SCALES_AT, sub));
      int bytesAt = Q4K_NIBBLES_AT + sub / 2 * 32;
      long bytes = at + bytesAt;
      int shift = sub % 2 * 4;
      for (int i = 0; i < 32; i++) {
        to.numbers[sub * 32 + i] = (byte) (Bits.u8(blocks, bytes + i) >> shift & 15);
      }
    }
  }

  /** As q4_k, with 32 bytes of fifth bits before the nibbles: bit b is sub-block b's. */
  static void q5k(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at);
    float dmin = Bits.f16(blocks, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      to.scales[sub] = d * scale(blocks, at + Q4K_SCALES_AT, sub);
      to.offsets[sub] = -(dmin * minimum(blocks, at + Q4K_SCALES_AT, sub));
      int bytesAt = Q5K_NIBBLES_AT + sub / 2 * 32;
      long bytes = at + bytesAt;
      int shift = sub % 2 * 4;
      for (int i = 0; i < 32; i++) {
        int fifth = Bits.u8(blocks, at + Q5K_HIGH_AT + i) >> sub & 1;
        int q = Bits.u8(blocks, bytes + i) >> shift & 15 | fifth << 4;
        to.numbers[sub * 32 + i] = (byte) q;
      }
    }
  }

  /**
   * The scale of a sub-block of q4_k and q5_k. Bytes 0-3 hold scales 0-3 in their low six bits, and
   * the high two bits of scales 4-7; bytes 4-7 the same of minima; bytes 8-11 the low four bits of
   * scales and minima 4-7.
   */
  static int scale(MemorySegment blocks, long scales, int sub) {
    return sub < 4
        ? Bits.u8(blocks, scales + sub) & 63
        : Bits.u8(blocks, scales + 4 + sub) & 15 | Bits.u8(blocks, scales + sub - 4) >> 6 << 4;
  }

  static int minimum(MemorySegment blocks, long scales, int sub) {
    return sub < 4
        ? Bits.u8(blocks, scales + 4 + sub) & 63
        : Bits.u8(blocks, scales + 4 + sub) >> 4 | Bits.u8(blocks, scales + sub) >> 6 << 4;
  }

  /**
   * 128 bytes of low nibbles, 64 bytes of high bits (two each), 16 signed scales, d f16; less 32.
   */
  static void q6k(MemorySegment blocks, long at, UnpackedBlock to) {
    float d = Bits.f16(blocks, at + Q6K_D_AT);
    for (int sub = 0; sub < 16; sub++) {
      to.scales[sub] = d * Bits.i8(blocks, at + Q6K_SCALES_AT + sub);
      int half = sub / 8;
      int lowAt = half * 64 + sub % 4 * 16;
      long low = at + lowAt;
      int highAt = Q6K_HIGH_AT + half * 32 + sub % 2 * 16;
      long high = at + highAt;
      int lowShift = sub % 8 / 4 * 4;
      int highShift = sub % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        int nibble = Bits.u8(blocks, low + i) >> lowShift & 15;
        int top = Bits.u8(blocks, high + i) >> highShift & 3;
        to.numbers[sub * 16 + i] = (byte) ((nibble | top << 4) - 32);
      }
    }
  }
}
