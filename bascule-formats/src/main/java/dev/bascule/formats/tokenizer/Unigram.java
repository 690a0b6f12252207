package dev.bascule.formats.tokenizer;

import java.util.Arrays;

/**
 * The likeliest way to split a piece into tokens, each of which has a score (the logarithm of its
 * probability): Viterbi's algorithm over the characters. Source: Kudo 2018,
 * https://arxiv.org/abs/1804.10959.
 */
final class Unigram implements TokenModel {
  /** A character of no token is that much less likely than the least likely token. */
  private static final double UNKNOWN_PENALTY = 10;

  private final PrefixTree tokens;
  private final double[] scores;
  private final double unknownScore;
  private final Fallback fallback;

  /**
   * Builds the tree of all tokens.
   *
   * @param scores of the token with each id
   * @param usable whether text may become the token with each id
   */
  Unigram(Vocabulary vocabulary, double[] scores, boolean[] usable, Fallback fallback) {
    this.scores = scores.clone();
    this.fallback = fallback;
    this.tokens = new PrefixTree();
    double least = 0;
    for (int id = 0; id < scores.length; id++) {
      if (usable[id] && !vocabulary.text(id).isEmpty()) {
        tokens.add(vocabulary.text(id), id);
        least = Math.min(least, scores[id]);
      }
    }
    this.unknownScore = least - UNKNOWN_PENALTY;
  }

  @Override
  public void encode(String piece, IdList ids) {
    int length = piece.length();
    double[] best = new double[length + 1];
    int[] token = new int[length + 1]; // that ends here, or -1: an unknown character
    int[] start = new int[length + 1];
    Arrays.fill(best, Double.NEGATIVE_INFINITY);
    best[0] = 0;
    for (int at = 0; at < length; ) {
      int next = at + Character.charCount(piece.codePointAt(at));
      boolean single = false;
      int node = PrefixTree.ROOT;
      for (int end = at; end < length; ) {
        node = tokens.child(node, piece.charAt(end++));
        if (node < 0) {
          break;
        }
        int id = tokens.value(node);
        if (id >= 0) {
          single |= end == next;
          offer(best, token, start, at, end, id, scores[id]);
        }
      }
      if (!single) {
        offer(best, token, start, at, next, -1, unknownScore);
      }
      at = next;
    }
    int[] ends = new int[length];
    int count = 0;
    for (int at = length; at > 0; at = start[at]) {
      ends[count++] = at;
    }
    emit(piece, ids, token, start, Arrays.copyOf(ends, count));
  }

  private static void offer(
      double[] best, int[] token, int[] start, int at, int end, int id, double score) {
    double total = best[at] + score;
    if (start[end] == 0 && best[end] == Double.NEGATIVE_INFINITY || total > best[end]) {
      best[end] = total;
      token[end] = id;
      start[end] = at;
    }
  }

  /** Neighbouring unknown characters are one text. */
  private void emit(String piece, IdList ids, int[] token, int[] start, int[] lastFirst) {
    int from = ids.size();
    int unknownStart = -1;
    for (int i = lastFirst.length - 1; i >= 0; i--) {
      int end = lastFirst[i];
      if (token[end] < 0) {
        unknownStart = unknownStart < 0 ? start[end] : unknownStart;
        boolean more = i > 0 && token[lastFirst[i - 1]] < 0;
        if (!more || !fallback.fuses()) {
          fallback.encode(piece.substring(unknownStart, end), ids, from);
          unknownStart = -1;
        }
      } else {
        ids.add(token[end]);
      }
    }
  }
}
