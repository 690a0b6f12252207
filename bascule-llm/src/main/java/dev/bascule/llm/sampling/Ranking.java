package dev.bascule.llm.sampling;

import java.util.Arrays;

/**
 * Tokens by their logits, the highest first and of equal ones the smaller id: each is one long that
 * orders as they do, so that selecting and sorting need no objects.
 */
final class Ranking {
  private Ranking() {}

  /** A number that is larger for a token that comes first. */
  static long key(float logit, int id) {
    int bits = Float.floatToIntBits(logit + 0f); // both zeros are equal
    int ordered = bits < 0 ? ~bits : bits | Integer.MIN_VALUE;
    return (long) (ordered ^ Integer.MIN_VALUE) << 32 | (~id & 0xFFFF_FFFFL);
  }

  static int id(long key) {
    return ~(int) key;
  }

  /**
   * The first {@code count} tokens, in order: one pass with a heap of that size. A logit that is no
   * number comes first.
   */
  static long[] first(float[] logits, int count) {
    long[] heap = new long[Math.min(count, logits.length)];
    if (heap.length == 0) {
      return heap;
    }
    for (int id = 0; id < heap.length; id++) {
      heap[id] = key(logits[id], id);
    }
    for (int at = heap.length / 2 - 1; at >= 0; at--) {
      sink(heap, at);
    }
    float least = logits[id(heap[0])];
    for (int id = heap.length; id < logits.length; id++) {
      float logit = logits[id];
      if (!(logit
          <= least)) { // of equal ones the first stays; seldom true, so a pass is a comparison
        long key = key(logit, id);
        if (key > heap[0]) {
          heap[0] = key;
          sink(heap, 0);
          least = logits[id(heap[0])];
        }
      }
    }
    return descending(heap);
  }

  /** The first token; of logits of which some are no numbers, such a one. */
  static int first(float[] logits) {
    int first = 0;
    float highest = logits[0];
    if (Float.isNaN(highest)) {
      return first;
    }
    for (int id = 1; id < logits.length; id++) {
      float logit = logits[id];
      if (!(logit <= highest)) { // of equal ones the first stays; true for a few of thousands
        first = id;
        highest = logit;
        if (Float.isNaN(logit)) {
          return first;
        }
      }
    }
    return first;
  }

  /** All tokens with a logit of {@code least} or more, in order. */
  static long[] atLeast(float[] logits, double least) {
    float rounded = (float) least;
    float lowest = rounded < least ? Math.nextUp(rounded) : rounded;
    long[] keys = new long[64];
    int count = 0;
    for (int id = 0; id < logits.length; id++) {
      if (logits[id] >= lowest) {
        if (count == keys.length) {
          keys = Arrays.copyOf(keys, 2 * count);
        }
        keys[count++] = key(logits[id], id);
      }
    }
    return descending(Arrays.copyOf(keys, count));
  }

  private static long[] descending(long[] keys) {
    Arrays.sort(keys);
    for (int low = 0, high = keys.length - 1; low < high; low++, high--) {
      long swapped = keys[low];
      keys[low] = keys[high];
      keys[high] = swapped;
    }
    return keys;
  }

  /** Restores the heap, whose smallest is at 0, below {@code at}. */
  private static void sink(long[] heap, int at) {
    long moved = heap[at];
    int hole = at;
    while (2 * hole + 1 < heap.length) {
      int child = 2 * hole + 1;
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= moved) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = moved;
  }
}
