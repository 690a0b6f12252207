package dev.bascule.formats.tokenizer;

/**
 * What two neighbouring symbols become, and how early: a hash table of primitives, since it is
 * asked for every pair of every word.
 */
final class MergeTable {
  static final long NONE = -1;

  /** A pair, its bits flipped, so that 0 is none; and its merge behind it, in the same line. */
  private final long[] slots;

  private final int mask;

  /** Room for {@code pairs} pairs, at a load of at most two thirds. */
  MergeTable(int pairs) {
    int count = Integer.highestOneBit(Math.max(8, pairs + pairs / 2)) << 1;
    this.slots = new long[2 * count];
    this.mask = slots.length - 2;
  }

  /** Rank and result of a merge in one number: of two, the smaller comes first. */
  static long merge(int rank, int result) {
    return (long) rank << 32 | result;
  }

  static int rank(long merge) {
    return (int) (merge >>> 32);
  }

  static int result(long merge) {
    return (int) merge;
  }

  /** Keeps the first merge of a pair. */
  void put(int left, int right, long merge) {
    long key = key(left, right);
    int slot = slot(key);
    while (slots[slot] != 0 && slots[slot] != key) {
      slot = slot + 2 & mask;
    }
    if (slots[slot] == 0) {
      slots[slot] = key;
      slots[slot + 1] = merge;
    }
  }

  /** The merge of a pair, or {@link #NONE}. */
  long find(int left, int right) {
    long key = key(left, right);
    int slot = slot(key);
    while (slots[slot] != 0) {
      if (slots[slot] == key) {
        return slots[slot + 1];
      }
      slot = slot + 2 & mask;
    }
    return NONE;
  }

  private static long key(int left, int right) {
    return ~((long) left << 32 | right);
  }

  private int slot(long key) {
    return (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
  }
}
