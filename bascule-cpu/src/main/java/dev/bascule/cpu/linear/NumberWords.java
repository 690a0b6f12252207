package dev.bascule.cpu.linear;

import dev.bascule.core.quant.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads 32 numbers of a block as 8 words of four bytes, made unsigned as the format wants them. */
interface NumberWords {
  ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  int NIBBLES = 0x0F0F_0F0F;

  /**
   * @param from the block's first byte
   * @param unpacked the block taken apart, where the format has no layout of its own
   * @param part which 32 elements
   */
  void read(MemorySegment rows, long from, UnpackedBlock unpacked, int part, int[] words);

  static NumberWords of(BlockFormat format) {
    int flip = 0x0101_0101 * format.bias();
    return switch (format.type()) {
      case Q8_0 ->
          (rows, from, unpacked, part, words) -> {
            for (int i = 0; i < words.length; i++) {
              words[i] = rows.get(WORD, from + 2 + 4L * i) ^ flip;
            }
          };
      case Q4_0 -> (rows, from, unpacked, part, words) -> nibbles(rows, from + 2, words);
      case Q4_1 -> (rows, from, unpacked, part, words) -> nibbles(rows, from + 4, words);
      case Q5_0 ->
          (rows, from, unpacked, part, words) -> {
            nibbles(rows, from + 6, words);
            fifths(rows.get(WORD, from + 2), words);
          };
      case Q5_1 ->
          (rows, from, unpacked, part, words) -> {
            nibbles(rows, from + 8, words);
            fifths(rows.get(WORD, from + 4), words);
          };
      case Q4_K -> (rows, from, unpacked, part, words) -> halves(rows, from + 16, part, words);
      case Q5_K ->
          (rows, from, unpacked, part, words) -> {
            halves(rows, from + 48, part, words);
            for (int i = 0; i < words.length; i++) {
              int bits = rows.get(WORD, from + 16 + 4L * i) >>> part;
              words[i] |= (bits & 0x0101_0101) << 4;
            }
          };
      case Q6_K -> NumberWords::sixBits;
      case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
          (rows, from, unpacked, part, words) -> {
            for (int i = 0; i < words.length; i++) {
              int word = 0;
              for (int j = 0; j < 4; j++) {
                word |= (unpacked.number(part * 32 + 4 * i + j) & 0xFF) << 8 * j;
              }
              words[i] = word ^ flip;
            }
          };
    };
  }

  /** 16 bytes: the first half in the low bits, the second in the high bits. */
  private static void nibbles(MemorySegment rows, long from, int[] words) {
    for (int i = 0; i < 4; i++) {
      int pair = rows.get(WORD, from + 4L * i);
      words[i] = pair & NIBBLES;
      words[i + 4] = pair >>> 4 & NIBBLES;
    }
  }

  /** A bit for each element. */
  private static void fifths(int bits, int[] words) {
    for (int i = 0; i < words.length; i++) {
      int four = bits >>> 4 * i & 15;
      words[i] |= (four * 0x0020_4081 & 0x0101_0101) << 4;
    }
  }

  /** 32 bytes for two parts: the first in the low bits, the second in the high bits. */
  private static void halves(MemorySegment rows, long from, int part, int[] words) {
    long bytes = from + part / 2 * 32L;
    for (int i = 0; i < words.length; i++) {
      words[i] = rows.get(WORD, bytes + 4L * i) >>> part % 2 * 4 & NIBBLES;
    }
  }

  /** Four parts lie in 64 bytes of low nibbles and 32 bytes of high pairs of bits. */
  private static void sixBits(
      MemorySegment rows, long from, UnpackedBlock unpacked, int part, int[] words) {
    int half = part / 4;
    int quarter = part % 4;
    long low = from + half * 64L + quarter % 2 * 32L;
    long high = from + 128 + half * 32L;
    for (int i = 0; i < words.length; i++) {
      int nibbles = rows.get(WORD, low + 4L * i) >>> quarter / 2 * 4 & NIBBLES;
      int pairs = rows.get(WORD, high + 4L * i) >>> 2 * quarter & 0x0303_0303;
      words[i] = nibbles | pairs << 4;
    }
  }
}
