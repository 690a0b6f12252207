package dev.bascule.formats.tokenizer;

import java.util.Arrays;

/**
 * Byte-pair encoding: a piece starts as its characters, and the best pair of neighbours is merged
 * until none can be, of equally good ones the leftmost. Source: Sennrich et al. 2016,
 * https://arxiv.org/abs/1508.07909. Short pieces look through their pairs at each step; long ones
 * keep them in a heap, so that the time grows as n log n.
 */
final class Bpe implements TokenModel {
  /** Up to here looking through all pairs is faster than a heap. */
  private static final int SHORT_SYMBOLS_MAX = 48;

  private final Symbols symbols;
  private final Merges merges;
  private final Fallback fallback;
  private final boolean wholePiecesFirst;

  /**
   * @param wholePiecesFirst whether a piece that is a token is that token, whatever merging would
   *     make of it
   */
  Bpe(Symbols symbols, Merges merges, Fallback fallback, boolean wholePiecesFirst) {
    this.symbols = symbols;
    this.merges = merges;
    this.fallback = fallback;
    this.wholePiecesFirst = wholePiecesFirst;
  }

  @Override
  public void encode(String piece, IdList ids) {
    if (wholePiecesFirst) {
      int whole = symbols.vocabulary().id(piece);
      if (whole >= 0) {
        ids.add(whole);
        return;
      }
    }
    int[] parts = new int[piece.length()];
    int count = 0;
    int from = ids.size();
    for (int at = 0; at < piece.length(); ) {
      int c = piece.codePointAt(at);
      at += Character.charCount(c);
      int symbol = symbols.ofCharacter(c);
      // a character of no token merges with nothing: minus its code point, less one
      parts[count++] = symbol < 0 ? -c - 1 : symbol;
    }
    count = count <= SHORT_SYMBOLS_MAX ? mergeShort(parts, count) : mergeLong(parts, count);
    for (int i = 0; i < count; i++) {
      int part = parts[i];
      if (symbols.isToken(part)) {
        ids.add(part);
      } else {
        fallback.encode(part < 0 ? Character.toString(-part - 1) : symbols.text(part), ids, from);
      }
    }
  }

  private long find(int left, int right) {
    return left < 0 || right < 0 ? MergeTable.NONE : merges.find(left, right);
  }

  /** Merges {@code parts} in place; gives how many are left. */
  private int mergeShort(int[] parts, int count) {
    long[] pairs = new long[count]; // of part i and the next
    for (int i = 0; i + 1 < count; i++) {
      pairs[i] = find(parts[i], parts[i + 1]);
    }
    int left = count;
    while (true) {
      int best = -1;
      for (int i = 0; i + 1 < left; i++) {
        if (pairs[i] != MergeTable.NONE && (best < 0 || isBefore(pairs[i], pairs[best]))) {
          best = i;
        }
      }
      if (best < 0) {
        return left;
      }
      parts[best] = MergeTable.result(pairs[best]);
      left--;
      System.arraycopy(parts, best + 2, parts, best + 1, left - best - 1);
      System.arraycopy(pairs, best + 2, pairs, best + 1, left - best - 1);
      if (best > 0) {
        pairs[best - 1] = find(parts[best - 1], parts[best]);
      }
      if (best + 1 < left) {
        pairs[best] = find(parts[best], parts[best + 1]);
      }
    }
  }

  private static boolean isBefore(long merge, long other) {
    return MergeTable.rank(merge) < MergeTable.rank(other);
  }

  /** The same over a linked list, with a heap of (rank, position); old entries are passed over. */
  private int mergeLong(int[] parts, int count) {
    int[] next = new int[count];
    int[] previous = new int[count];
    long[] pairs = new long[count];
    LongHeap heap = new LongHeap(count);
    Arrays.fill(pairs, MergeTable.NONE);
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    for (int i = 0; i + 1 < count; i++) {
      offer(heap, pairs, i, find(parts[i], parts[i + 1]));
    }
    while (!heap.isEmpty()) {
      long top = heap.removeSmallest();
      int at = (int) top;
      if (pairs[at] == MergeTable.NONE || MergeTable.rank(pairs[at]) != (int) (top >>> 32)) {
        continue;
      }
      int gone = next[at];
      parts[at] = MergeTable.result(pairs[at]);
      pairs[gone] = MergeTable.NONE;
      next[at] = next[gone];
      if (next[at] < count) {
        previous[next[at]] = at;
      }
      offer(heap, pairs, at, next[at] < count ? find(parts[at], parts[next[at]]) : MergeTable.NONE);
      if (previous[at] >= 0) {
        offer(heap, pairs, previous[at], find(parts[previous[at]], parts[at]));
      }
    }
    int left = 0;
    for (int i = 0; i < count; i = next[i]) {
      parts[left++] = parts[i];
    }
    return left;
  }

  private static void offer(LongHeap heap, long[] pairs, int at, long merge) {
    pairs[at] = merge;
    if (merge != MergeTable.NONE) {
      heap.add((long) MergeTable.rank(merge) << 32 | at);
    }
  }
}
