package dev.bascule.formats.tokenizer;

import java.util.List;
import java.util.stream.IntStream;

/** A text (or a pair of texts) as a model takes it; all arrays have {@link #length} elements. */
public final class Encoding {
  private final int[] ids;
  private final int[] typeIds;
  private final int[] attentionMask;
  private final TokenList vocabulary;
  private final String padding;

  /**
   * A text's tokens.
   *
   * @param padding what is written for each token that does not count
   */
  Encoding(int[] ids, int[] typeIds, int[] attentionMask, TokenList vocabulary, String padding) {
    this.ids = ids.clone();
    this.typeIds = typeIds.clone();
    this.attentionMask = attentionMask.clone();
    this.vocabulary = vocabulary;
    this.padding = padding;
  }

  /** Number of tokens, padding included. */
  public int length() {
    return ids.length;
  }

  /** The number of each token in the vocabulary. */
  public int[] ids() {
    return ids.clone();
  }

  /** For each token the text that it belongs to: 0 for the first, 1 for the second. */
  public int[] typeIds() {
    return typeIds.clone();
  }

  /** 1 for each token that counts, 0 for padding. */
  public int[] attentionMask() {
    return attentionMask.clone();
  }

  /** Each token as the vocabulary writes it. */
  public List<String> tokens() {
    return IntStream.range(0, ids.length)
        .mapToObj(i -> attentionMask[i] == 0 ? padding : vocabulary.text(ids[i]))
        .toList();
  }
}
