package dev.bascule.cpu.linear;

import dev.bascule.core.graph.Linear;

/**
 * How a token's activations lie for the kernels. Rounded: a record of 64 bytes, one line, for each
 * block of 32: the numbers, the scale, and what sums the kernels need. Otherwise f32 as they came.
 * Rows are an odd number of lines apart, so that the rows of several tokens do not fall into one
 * set of the cache.
 */
final class ActivationRow {
  static final int RECORD_BYTES = 64;

  /** f32. */
  static final int SCALE_AT = 32;

  /** i32: less the sum of all, of the first, and of the second 16 numbers. */
  static final int LESS_SUMS_AT = 36;

  /** f32: the sum of all, of the first, and of the second 16 numbers. */
  static final int SUMS_AT = 48;

  private static final long LINE_BYTES = 64;

  private ActivationRow() {}

  /** Bytes from one token's row to the next. */
  static long strideBytes(long k, boolean rounded) {
    long bytes = rounded ? k / Linear.ACTIVATION_BLOCK * RECORD_BYTES : k * Float.BYTES;
    return (Math.ceilDiv(bytes, LINE_BYTES) | 1) * LINE_BYTES;
  }
}
