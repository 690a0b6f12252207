package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Collection;
import java.util.SplittableRandom;

/**
 * Texts under ids, both ways: their UTF-8 one after the other in one array, and a hash table of the
 * ids. A vocabulary of 150,000 tokens is four arrays, and neither reading it nor looking bytes up
 * makes an object. A text is its bytes; a {@link String} is made when one is asked for.
 *
 * <p>The hash takes byte after byte, so that it goes on from a text to the two joined. It
 * multiplies by another number in each table: nobody can write a file whose texts all collide.
 */
final class TextTable {
  private static final int SLOTS_MIN = 8;
  private static final byte[] NOTHING = {};

  private final long factor = new SplittableRandom().nextLong() | 1;

  private byte[] utf8;

  /** Text i ends before byte {@code ends[i]}. */
  private int[] ends;

  private int size;

  /**
   * An id plus one, 0 where there is none; above it some bits of the hash, which spare nearly all
   * looks at the bytes of another text.
   */
  private int[] slots;

  /** Leaves of a hash as many bits as number the slots. */
  private int shift;

  /**
   * Texts that none is found of as yet.
   *
   * @param utf8 all of them, shared with the caller and not written to
   * @param ends where each ends, shared too
   */
  TextTable(byte[] utf8, int[] ends) {
    this.utf8 = utf8;
    this.ends = ends;
    this.size = ends.length;
    this.slots = new int[slots(ends.length)];
    this.shift = Long.SIZE - Integer.bitCount(slots.length - 1);
  }

  /** Texts that are numbered from 0 on, and none is found of as yet. */
  static TextTable of(Collection<String> texts) {
    TextTable table = new TextTable(new byte[8 * texts.size()], new int[texts.size()]);
    table.size = 0;
    for (String text : texts) {
      byte[] bytes = text.getBytes(UTF_8);
      table.append(bytes, 0, bytes.length);
    }
    return table;
  }

  /** A power of two, of which the ids take two thirds at most. */
  private static int slots(int ids) {
    return Integer.highestOneBit(Math.max(SLOTS_MIN, ids + ids / 2)) << 1;
  }

  /** One more than the largest id. */
  int size() {
    return size;
  }

  int start(int id) {
    return id == 0 ? 0 : ends[id - 1];
  }

  int byteSize(int id) {
    return ends[id] - start(id);
  }

  /** Of the longest text. */
  int bytesMax() {
    int most = 0;
    for (int id = 0; id < size; id++) {
      most = Math.max(most, byteSize(id));
    }
    return most;
  }

  String text(int id) {
    return new String(utf8, start(id), byteSize(id), UTF_8);
  }

  long hash(byte[] bytes, int from, int to) {
    return hash(factor, bytes, from, to);
  }

  /** The hash of a text of which {@code before} is the hash of what stands before these bytes. */
  long hash(long before, byte[] bytes, int from, int to) {
    long hash = before;
    for (int i = from; i < to; i++) {
      hash = (hash ^ bytes[i]) * factor;
      // products alone collide for every factor: Prouhet, Thue and Morse's words of 1,024 bytes do
      hash ^= hash >>> 32;
    }
    return hash;
  }

  /** Makes a text found under its id, unless another is the same; gives the id of that, or -1. */
  int index(int id) {
    if (id >= slots.length - slots.length / 4) {
      grow();
    }
    int from = start(id);
    long hash = hash(utf8, from, ends[id]);
    int slot = slot(hash, utf8, from, ends[id], NOTHING, 0, 0);
    if (slots[slot] != 0) {
      return id(slot);
    }
    int mask = slots.length - 1;
    slots[slot] = (int) hash & ~mask | id + 1;
    return -1;
  }

  private void grow() {
    int[] old = slots;
    slots = new int[slots(size)];
    shift = Long.SIZE - Integer.bitCount(slots.length - 1);
    for (int entry : old) {
      int id = (entry & old.length - 1) - 1;
      if (id >= 0) {
        index(id);
      }
    }
  }

  /** What is in a slot, or -1. */
  private int id(int slot) {
    return (slots[slot] & slots.length - 1) - 1;
  }

  /** Where the text of these bytes and those is, or would be. */
  private int slot(
      long hash, byte[] first, int from, int to, byte[] second, int secondFrom, int secondTo) {
    int mask = slots.length - 1;
    int slot = (int) (hash >>> shift);
    while (true) {
      int entry = slots[slot];
      if (entry == 0) {
        return slot;
      }
      if (((entry ^ (int) hash) & ~mask) == 0
          && isJoined((entry & mask) - 1, first, from, to, second, secondFrom, secondTo)) {
        return slot;
      }
      slot = slot + 1 & mask;
    }
  }

  /** Whether the text of an id, which need not be one, is of these bytes and those. */
  boolean isJoined(
      int id, byte[] left, int from, int to, byte[] right, int rightFrom, int rightTo) {
    if (id >= size) {
      return false;
    }
    int start = start(id);
    int middle = start + to - from;
    return ends[id] - middle == rightTo - rightFrom
        && isAt(start, left, from, to)
        && isAt(middle, right, rightFrom, rightTo);
  }

  /** Whether these bytes stand at {@code start}; texts are too short for more than a plain loop. */
  private boolean isAt(int start, byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (utf8[start + i - from] != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  /** The id of a text by its bytes and their {@link #hash}, or -1. */
  int find(long hash, byte[] bytes, int from, int to) {
    return id(slot(hash, bytes, from, to, NOTHING, 0, 0));
  }

  /** The id of two texts joined, or -1. */
  int findJoined(
      long hash, byte[] left, int from, int to, byte[] right, int rightFrom, int rightTo) {
    return id(slot(hash, left, from, to, right, rightFrom, rightTo));
  }

  /** The id of the texts of two ids joined, or -1. */
  int findJoined(int left, int right) {
    long hash = hash(utf8, start(left), ends[left]);
    hash = hash(hash, utf8, start(right), ends[right]);
    return findJoined(hash, utf8, start(left), ends[left], utf8, start(right), ends[right]);
  }

  /** The id of a text, or -1. */
  int find(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    int id = find(hash(bytes, 0, bytes.length), bytes, 0, bytes.length);
    return id >= 0 && isChanged(text, bytes) ? -1 : id;
  }

  /** The id of a character, or -1. */
  int find(int codePoint) {
    if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
      return -1;
    }
    byte[] bytes = new byte[4];
    int size = 0;
    if (codePoint < 0x80) {
      bytes[size++] = (byte) codePoint;
    } else {
      // continuation bytes of six bits each, behind a first one that says how many
      int more = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
      bytes[size++] = (byte) (0xFF00 >> more + 1 | codePoint >> 6 * more);
      while (more-- > 0) {
        bytes[size++] = (byte) (0x80 | codePoint >> 6 * more & 0x3F);
      }
    }
    return find(hash(bytes, 0, size), bytes, 0, size);
  }

  /**
   * Whether its UTF-8 is not all of a text: half a surrogate pair has none, and the JDK writes a
   * question mark in its place.
   */
  static boolean isChanged(String text, byte[] bytes) {
    for (byte b : bytes) {
      if (b == '?') {
        return !new String(bytes, UTF_8).equals(text);
      }
    }
    return false;
  }

  /** Puts a text behind the others, not to be found as yet; gives its id. */
  int append(byte[] bytes, int from, int to) {
    return append(bytes, from, to, NOTHING, 0, 0);
  }

  /** The same for two texts joined. */
  int append(byte[] left, int from, int to, byte[] right, int rightFrom, int rightTo) {
    int start = size == 0 ? 0 : ends[size - 1];
    int middle = start + to - from;
    int end = middle + rightTo - rightFrom;
    if (end > utf8.length) {
      utf8 = Arrays.copyOf(utf8, Math.max(end, utf8.length + utf8.length / 2));
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size + size / 2 + 16);
    }
    System.arraycopy(left, from, utf8, start, to - from);
    System.arraycopy(right, rightFrom, utf8, middle, rightTo - rightFrom);
    ends[size] = end;
    return size++;
  }
}
