package dev.bascule.formats.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/**
 * Reads the head of a GGUF file, number by number, through a window of its own. No length is
 * trusted: each is checked against the bytes that are left before anything is allocated, so what is
 * read takes heap in proportion to the file.
 */
final class GgufCursor {
  private static final int WINDOW_BYTES = 1 << 16;

  /** Far above any vocabulary, and what {@code byte[]} holds easily. */
  private static final long HEAD_BYTES_MAX = 512L << 20;

  private static final int NAME_BYTES_MAX = (1 << 16) - 1;

  private final InputFile file;
  private final byte[] window;
  private final long limit;
  private long windowStart;
  private int windowBytes;
  private long position;
  private String place = "header";

  GgufCursor(InputFile file) {
    this.file = file;
    this.limit = Math.min(file.size(), HEAD_BYTES_MAX);
    this.window = new byte[(int) Math.min(WINDOW_BYTES, file.size())];
  }

  long position() {
    return position;
  }

  /** Bytes that may still be read. */
  long left() {
    return limit - position;
  }

  /** Says where the reader is now, for messages. */
  void enter(String place) {
    this.place = place;
  }

  FormatException broken(String expected, String got) {
    return refused(
        expected, got, "the file is broken or no GGUF file: download or convert it again");
  }

  FormatException refused(String expected, String got, String remedy) {
    return new FormatException(file, place + " at byte " + position, expected, got, remedy);
  }

  private void need(long bytes, String what) {
    if (bytes < 0 || bytes > left()) {
      String count = Long.toUnsignedString(bytes);
      throw broken(count + " bytes for " + what, left() + " bytes until the end");
    }
  }

  private void fill() {
    windowBytes = (int) Math.min(window.length, limit - position);
    file.read(position, MemorySegment.ofArray(window).asSlice(0, windowBytes));
    windowStart = position;
  }

  /** The bits of a number of {@code bytes} bytes, the high ones zero. */
  long number(int bytes) {
    need(bytes, "a number");
    if (position < windowStart || position + bytes > windowStart + windowBytes) {
      fill();
    }
    int at = (int) (position - windowStart);
    long bits = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      bits = bits << Byte.SIZE | window[at + i] & 0xFF;
    }
    position += bytes;
    return bits;
  }

  int i32() {
    return (int) number(Integer.BYTES);
  }

  /** A count of things that take {@code bytesEach} at least, so that it cannot be absurd. */
  int count(int bytesEach, int max, String what) {
    long count = number(Long.BYTES);
    if (count < 0 || count > max || count * bytesEach > left()) {
      long most = Math.min(max, left() / bytesEach);
      throw broken(
          "at most " + most + " " + what + " in the " + left() + " bytes that are left",
          Long.toUnsignedString(count));
    }
    return (int) count;
  }

  byte[] bytes(int length) {
    need(length, "an array");
    byte[] bytes = new byte[length];
    copy(bytes, 0, length);
    return bytes;
  }

  private void copy(byte[] to, int at, int length) {
    long index = position - windowStart;
    if (index >= 0 && index + length <= windowBytes) {
      System.arraycopy(window, (int) index, to, at, length);
    } else if (length < window.length / 4) {
      fill();
      System.arraycopy(window, 0, to, at, length);
    } else {
      file.read(position, MemorySegment.ofArray(to).asSlice(at, length));
    }
    position += length;
  }

  /** The bytes of a text, which its length precedes. */
  byte[] text() {
    return bytes(count(1, Integer.MAX_VALUE, "bytes of text"));
  }

  /** A key or a name of a tensor. */
  String name(String what) {
    int length = count(1, NAME_BYTES_MAX, "bytes of " + what);
    byte[] bytes = bytes(length);
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw broken(what + " in UTF-8", FormatException.quote(new String(bytes, UTF_8)));
    }
  }

  /** Texts one after the other, in one array. */
  GgufValue.Texts texts(int count) {
    int[] ends = new int[count];
    byte[] all = new byte[(int) Math.min(left() - (long) count * Long.BYTES, 16L * count)];
    int size = 0;
    for (int i = 0; i < count; i++) {
      int length = count(1, Integer.MAX_VALUE, "bytes of text");
      if (size + length > all.length) {
        // what is left of the file bounds what all texts can take
        long most = size + left();
        all =
            java.util.Arrays.copyOf(
                all, (int) Math.min(most, Math.max(2L * all.length, size + (long) length)));
      }
      copy(all, size, length);
      size += length;
      ends[i] = size;
    }
    return new GgufValue.Texts(size == all.length ? all : java.util.Arrays.copyOf(all, size), ends);
  }
}
