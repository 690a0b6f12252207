package dev.bascule.formats.tokenizer;

/**
 * How texts that are too short are filled up.
 *
 * @param tokensMin the length to reach; 0 for that of the longest text in the batch
 * @param multipleOf lengths are rounded up to a multiple of this
 */
public record Padding(int tokensMin, int multipleOf, Side side, int id, int typeId, String token) {
  static final int TOKENS_MAX = 1 << 24;

  public Padding {
    if (tokensMin < 0 || tokensMin > TOKENS_MAX || multipleOf < 1 || multipleOf > TOKENS_MAX) {
      throw new IllegalArgumentException(
          "padding: expected a length from 0 and a multiple from 1 to "
              + TOKENS_MAX
              + ", got "
              + tokensMin
              + " and "
              + multipleOf);
    }
  }

  /** The length of every text in a batch whose longest has {@code longest} tokens. */
  int length(int longest) {
    int length = tokensMin > 0 ? tokensMin : longest;
    return Math.toIntExact(Math.ceilDiv(length, multipleOf) * (long) multipleOf);
  }
}
