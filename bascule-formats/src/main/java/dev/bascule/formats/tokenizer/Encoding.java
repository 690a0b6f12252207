package dev.bascule.formats.tokenizer;

import java.util.List;

/** A text (or a pair of texts) as a model takes it; all arrays have {@link #length} elements. */
public final class Encoding {
  private final int[] ids;
  private final int[] typeIds;
  private final int[] attentionMask;
  private final List<String> tokens;

  Encoding(int[] ids, int[] typeIds, int[] attentionMask, List<String> tokens) {
    this.ids = ids.clone();
    this.typeIds = typeIds.clone();
    this.attentionMask = attentionMask.clone();
    this.tokens = List.copyOf(tokens);
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
    return tokens;
  }
}
