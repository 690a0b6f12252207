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
 * <p>The hash is a polynomial of the bytes, so that it goes on from a text to the two joined. Its
 * base is another in each table: nobody can write a file whose texts all collide.
 */
final class TextTable {
  /** The hash of no bytes; not 0, where leading zero bytes would not count. */
  static final long HASH_START = 1;

  private static final int BITS_MIN = 4;
  private static final byte[] NOTHING = {};

  private final long base = new SplittableRandom().nextLong() | 1;

  private byte[] utf8;

  /** Text i ends before byte {@code ends[i]}. */
  private int[] ends;

  private int size;

  /** Half of a hash, which spares most looks at the bytes, over an id plus one; 0 is empty. */
  private long[] slots;

  private int indexed;

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
    this.slots = new long[1 << bits(ends.length)];
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

  /** Two slots in three are taken at most. */
  private static int bits(int texts) {
    int slotsMin = Math.max(1 << BITS_MIN, texts + texts / 2);
    return Integer.SIZE - Integer.numberOfLeadingZeros(slotsMin - 1);
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

  /** The hash of a text of which {@code before} is the hash of what stands before these bytes. */
  long hash(long before, byte[] bytes, int from, int to) {
    long hash = before;
    for (int i = from; i < to; i++) {
      hash = hash * base + bytes[i];
    }
    return hash;
  }

  /** Makes a text found under its id, unless another is the same; gives the id of that, or -1. */
  int index(int id) {
    int from = start(id);
    long hash = hash(HASH_START, utf8, from, ends[id]);
    int slot = slot(hash, utf8, from, ends[id], NOTHING, 0, 0);
    if (slots[slot] != 0) {
      return (int) slots[slot] - 1;
    }
    slots[slot] = mixed(hash) << Integer.SIZE | id + 1;
    if (3L * ++indexed > 2L * slots.length) {
      grow();
    }
    return -1;
  }

  private void grow() {
    long[] old = slots;
    slots = new long[2 * old.length];
    for (long entry : old) {
      if (entry != 0) {
        int id = (int) entry - 1;
        long hash = hash(HASH_START, utf8, start(id), ends[id]);
        slots[slot(hash, utf8, start(id), ends[id], NOTHING, 0, 0)] = entry;
      }
    }
  }

  private static long mixed(long hash) {
    return hash * 0x9E3779B97F4A7C15L;
  }

  /** Where the text of these bytes and those is, or would be. */
  private int slot(
      long hash, byte[] first, int from, int to, byte[] second, int secondFrom, int secondTo) {
    long mixed = mixed(hash);
    int mask = slots.length - 1;
    int slot = (int) (mixed >>> Long.SIZE - Integer.bitCount(mask));
    while (true) {
      long entry = slots[slot];
      if (entry == 0) {
        return slot;
      }
      if ((int) (entry >>> Integer.SIZE) == (int) mixed) {
        int id = (int) entry - 1;
        int start = start(id);
        int middle = start + to - from;
        if (ends[id] - middle == secondTo - secondFrom
            && isAt(start, first, from, to)
            && isAt(middle, second, secondFrom, secondTo)) {
          return slot;
        }
      }
      slot = slot + 1 & mask;
    }
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
    return (int) slots[slot(hash, bytes, from, to, NOTHING, 0, 0)] - 1;
  }

  /** The id of two texts joined, or -1. */
  int findJoined(
      long hash, byte[] left, int from, int to, byte[] right, int rightFrom, int rightTo) {
    return (int) slots[slot(hash, left, from, to, right, rightFrom, rightTo)] - 1;
  }

  /** The id of the texts of two ids joined, or -1. */
  int findJoined(int left, int right) {
    long hash = hash(HASH_START, utf8, start(left), ends[left]);
    hash = hash(hash, utf8, start(right), ends[right]);
    return findJoined(hash, utf8, start(left), ends[left], utf8, start(right), ends[right]);
  }

  /** The id of a text, or -1. */
  int find(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    int id = find(hash(HASH_START, bytes, 0, bytes.length), bytes, 0, bytes.length);
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
    return find(hash(HASH_START, bytes, 0, size), bytes, 0, size);
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
