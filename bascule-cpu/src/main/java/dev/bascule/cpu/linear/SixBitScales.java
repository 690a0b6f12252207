package dev.bascule.cpu.linear;

/**
 * The 12 bytes in which q4_k and q5_k hold 8 scales and 8 minima of 6 bits: bytes 0-3 scales 0-3
 * and above them the high bits of scales 4-7; bytes 4-7 the same of minima; bytes 8-11 the low four
 * bits of scales 4-7 and, above them, of minima 4-7.
 */
final class SixBitScales {
  static final int BYTES = 12;

  /** Values that lie whole in one byte. */
  static final int WHOLE = 4;

  static final int MINIMA_AT = 4;
  static final int LOW_AT = 8;

  private SixBitScales() {}
}
