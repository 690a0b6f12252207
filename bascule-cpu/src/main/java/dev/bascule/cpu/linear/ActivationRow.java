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

  /** i32: the sum of all, times -8, and times -128, which are frequent biases. */
  static final int LESS_8_SUM_AT = 36;

  static final int LESS_128_SUM_AT = 40;

  /** i32: the sum of the first 16 numbers times -32. */
  static final int LESS_32_FIRST_AT = 44;

  /** f32: the sum of all, of the first, and of the second 16 numbers. */
  static final int SUMS_AT = 48;

  /** i32: the sum of the second 16 numbers times -32. */
  static final int LESS_32_SECOND_AT = 60;

  private static final long LINE_BYTES = 64;

  private ActivationRow() {}

  /**
   * A sum times less than a bias.
   *
   * @param at where it is in a record
   * @param shift by which it is short of the bias
   */
  record LessSum(int at, int shift) {
    /**
     * For the sum over a group.
     *
     * @param groups in a block: 1 or 2
     */
    static LessSum of(int bias, int groups, int group) {
      int bits = Integer.numberOfTrailingZeros(bias);
      if (groups == 2) {
        return new LessSum(group == 0 ? LESS_32_FIRST_AT : LESS_32_SECOND_AT, bits - 5);
      }
      return bits < 7
          ? new LessSum(LESS_8_SUM_AT, bits - 3)
          : new LessSum(LESS_128_SUM_AT, bits - 7);
    }
  }

  /** Bytes from one token's row to the next. */
  static long strideBytes(long k, boolean rounded) {
    long bytes = rounded ? k / Linear.ACTIVATION_BLOCK * RECORD_BYTES : k * Float.BYTES;
    return (Math.ceilDiv(bytes, LINE_BYTES) | 1) * LINE_BYTES;
  }
}
