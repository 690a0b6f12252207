package dev.bascule.formats.tokenizer;

/** Which neighbours byte-pair encoding merges, and which first. */
sealed interface Merges permits Merges.Listed, Merges.Scored {
  /**
   * The merge of two symbols as {@link MergeTable#merge} writes it, or {@link MergeTable#NONE}; of
   * several, the smallest rank comes first.
   */
  long find(int left, int right);

  /** The pairs that training merged, in its order. */
  record Listed(MergeTable table) implements Merges {
    @Override
    public long find(int left, int right) {
      return table.find(left, right);
    }
  }

  /**
   * Any two symbols whose texts together are a token: SentencePiece, by the token's score, and
   * tiktoken, by its number.
   *
   * @param ranks of the token with each id: 0 is merged first
   * @param bytesMax of the longest token
   */
  record Scored(TextTable texts, int[] ranks, int bytesMax) implements Merges {
    @Override
    public long find(int left, int right) {
      if (texts.byteSize(left) + texts.byteSize(right) > bytesMax) {
        return MergeTable.NONE;
      }
      int id = texts.findJoined(left, right);
      return id < 0 || id >= ranks.length ? MergeTable.NONE : MergeTable.merge(ranks[id], id);
    }
  }
}
