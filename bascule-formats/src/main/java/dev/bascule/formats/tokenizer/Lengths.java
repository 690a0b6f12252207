package dev.bascule.formats.tokenizer;

/** How many tokens of one text, or of two, are left after truncation. */
record Lengths(int first, int second) {
  /**
   * The lengths that Hugging Face leaves.
   *
   * @param room tokens that both texts may take together
   */
  static Lengths after(Truncation truncation, int room, int first, boolean isPair, int second) {
    if (room < 0) {
      throw new IllegalArgumentException(
          "truncation: "
              + truncation.tokensMax()
              + " tokens leave no room for the special ones; expected "
              + (truncation.tokensMax() - room)
              + " or more");
    }
    int excess = first + second - room;
    if (excess <= 0) {
      return new Lengths(first, second);
    }
    if (room == 0) {
      return new Lengths(0, 0);
    }
    return switch (truncation.strategy()) {
      case LONGEST_FIRST -> isPair ? longestFirst(room, first, second) : new Lengths(room, 0);
      case ONLY_FIRST -> new Lengths(shortened("first", first, excess), second);
      case ONLY_SECOND -> {
        if (!isPair) {
          throw new IllegalArgumentException(
              "truncation: only the second text may be cut, and there is one; use another strategy");
        }
        yield new Lengths(first, shortened("second", second, excess));
      }
    };
  }

  private static int shortened(String which, int length, int excess) {
    if (length <= excess) {
      throw new IllegalArgumentException(
          "truncation: the "
              + which
              + " text has "
              + length
              + " tokens, and "
              + excess
              + " would have to go; cut the longest instead");
    }
    return length - excess;
  }

  private static Lengths longestFirst(int room, int first, int second) {
    int less = Math.min(first, second);
    int more = less > room ? less : Math.max(less, room - less);
    if (less + more > room) {
      less = room / 2;
      more = less + room % 2;
    }
    return first > second ? new Lengths(more, less) : new Lengths(less, more);
  }
}
