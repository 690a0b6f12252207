package dev.bascule.formats.tokenizer;

/**
 * How texts that are too long are cut.
 *
 * @param tokensMax tokens that may be left, the special ones included
 * @param side where tokens go away
 * @param strategy which text of a pair is cut
 */
public record Truncation(int tokensMax, Side side, Strategy strategy) {
  /** Which of two texts loses tokens. */
  public enum Strategy {
    LONGEST_FIRST,
    ONLY_FIRST,
    ONLY_SECOND
  }

  /** Cuts at the end, the longer text of a pair first. */
  public static Truncation to(int tokensMax) {
    return new Truncation(tokensMax, Side.RIGHT, Strategy.LONGEST_FIRST);
  }

  public Truncation {
    if (tokensMax < 0) {
      throw new IllegalArgumentException(
          "truncation: expected zero tokens or more, got " + tokensMax);
    }
  }
}
