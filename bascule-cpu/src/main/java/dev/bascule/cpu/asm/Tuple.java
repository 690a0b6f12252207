package dev.bascule.cpu.asm;

/**
 * How much memory an instruction reads or writes, and whether one element can be broadcast. EVEX
 * counts one-byte displacements in units of that size (the manual calls this the tuple type).
 */
enum Tuple {
  /** A whole vector of 4-byte elements; broadcast possible. */
  FULL4(1, 0, 4),
  /** A whole vector of 8-byte elements; broadcast possible. */
  FULL8(1, 0, 8),
  /** A whole vector, no broadcast. */
  MEM(1, 0, 0),
  /** Half a vector of 4-byte elements; broadcast possible. */
  HALF4(2, 0, 4),
  HALF(2, 0, 0),
  QUARTER(4, 0, 0),
  EIGHTH(8, 0, 0),
  /** So many bytes, whatever the vector length. */
  S1(0, 1, 0),
  S2(0, 2, 0),
  S4(0, 4, 0),
  S8(0, 8, 0),
  S16(0, 16, 0),
  S32(0, 32, 0);

  private final int divisor;
  private final int fixedBytes;
  final int broadcastBytes;

  Tuple(int divisor, int fixedBytes, int broadcastBytes) {
    this.divisor = divisor;
    this.fixedBytes = fixedBytes;
    this.broadcastBytes = broadcastBytes;
  }

  boolean canBroadcast() {
    return broadcastBytes > 0;
  }

  int memoryBytes(VectorLength length, boolean broadcast) {
    return broadcast ? broadcastBytes : fixedBytes > 0 ? fixedBytes : length.bytes() / divisor;
  }
}
