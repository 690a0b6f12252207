package dev.bascule.formats.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A cursor over the wire format of protocol buffers: a message is a sequence of fields, a field is
 * a tag (number and wire type) and a value; nested messages are length-prefixed. Source:
 * https://protobuf.dev/programming-guides/encoding/
 *
 * <p>It reads the file through a window of its own, so that a whole model's structure costs a few
 * copies and tensors that are skipped cost nothing. It never trusts a length: each is checked
 * against the message that it is in, and what is read onto the heap is charged against a budget
 * before it is allocated.
 */
final class WireReader {
  private static final int WINDOW_BYTES = 1 << 16;
  private static final int TAG_TYPE_BITS = 3;
  private static final int FIELD_MAX = (1 << 29) - 1;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_PREFIXED = 2;
  private static final int FIXED32 = 5;

  private final InputFile file;
  private final OnnxLimits limits;
  private final Place place;
  private final byte[] window;
  private long windowStart;
  private int windowBytes;

  private long position;
  private long limit;
  private int depth;
  private long heapBytes;
  private int field;
  private int wireType;

  WireReader(InputFile file, OnnxLimits limits, Place place, long start, long end) {
    this.file = file;
    this.limits = limits;
    this.place = place;
    this.position = start;
    this.limit = end;
    this.window = new byte[(int) Math.min(WINDOW_BYTES, end - start)];
  }

  Place place() {
    return place;
  }

  long position() {
    return position;
  }

  int field() {
    return field;
  }

  FormatException broken(String expected, String got) {
    return refused(
        expected, got, "the file is broken or no ONNX model: export or download it again");
  }

  FormatException refused(String expected, String got, String remedy) {
    String where = (place.toString() + " at byte " + position).strip();
    return new FormatException(file, where, expected, got, remedy);
  }

  /** Counts heap that the structure takes, before it is taken. */
  void charge(long bytes) {
    heapBytes += bytes;
    if (heapBytes > limits.structureBytesMax()) {
      throw refused(
          "a structure (names, nodes, attributes) of at most "
              + limits.structureBytesMax()
              + " bytes",
          "more",
          "if the file is to be trusted, raise the limit on structure bytes");
    }
  }

  /** Goes to the next field of the present message; false at its end. */
  boolean next() {
    if (position == limit) {
      return false;
    }
    long tag = varint();
    long number = tag >>> TAG_TYPE_BITS;
    if (number < 1 || number > FIELD_MAX) {
      throw broken("a field number from 1 to " + FIELD_MAX, Long.toUnsignedString(number));
    }
    field = (int) number;
    wireType = (int) tag & ((1 << TAG_TYPE_BITS) - 1);
    return true;
  }

  /** Steps over the value of a field that nobody needs. */
  void skip() {
    switch (wireType) {
      case VARINT -> varint();
      case FIXED64 -> advance(Long.BYTES);
      case LENGTH_PREFIXED -> advance(length());
      case FIXED32 -> advance(Integer.BYTES);
      default ->
          throw broken("field " + field + " of wire type 0, 1, 2 or 5", "wire type " + wireType);
    }
  }

  /**
   * Enters the message that is the present field's value.
   *
   * @return what {@link #leave} wants back
   */
  long enter(String kind, int index) {
    long length = checkedLength();
    long end = position + length;
    place.enter(kind, index);
    if (++depth > limits.depthMax()) {
      throw refused(
          "messages nested at most " + limits.depthMax() + " deep",
          "a deeper one",
          "if the file is to be trusted, raise the limit on depth");
    }
    charge(96);
    long outer = limit;
    limit = end;
    return outer;
  }

  void leave(long outer) {
    limit = outer;
    depth--;
    place.leave();
  }

  /** Steps over a length-prefixed value and returns its length; it ends at {@link #position}. */
  long skipBytes() {
    long length = checkedLength();
    position += length;
    return length;
  }

  long integer() {
    expect(VARINT);
    return varint();
  }

  float float32() {
    expect(FIXED32);
    return Float.intBitsToFloat((int) fixed(Integer.BYTES));
  }

  byte[] bytes() {
    long length = checkedLength();
    charge(32 + length);
    byte[] bytes = new byte[Math.toIntExact(length)];
    copy(bytes);
    return bytes;
  }

  String string() {
    byte[] bytes = bytes();
    charge(24L + bytes.length);
    String text = new String(bytes, UTF_8);
    // The decoder replaces what is malformed: then the bytes do not come back.
    if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(text.getBytes(UTF_8), bytes)) {
      throw broken("text in UTF-8", "malformed bytes in " + FormatException.quote(text));
    }
    return text;
  }

  /** Takes each element of a repeated number. */
  interface Elements {
    void accept(long bits);
  }

  /** Reads a repeated integer field, whether it is packed or comes one by one. */
  void integers(Elements elements) {
    if (wireType == VARINT) {
      elements.accept(varint());
      return;
    }
    long outer = enterPacked(1);
    while (position < limit) {
      elements.accept(varint());
    }
    limit = outer;
  }

  /** Reads a repeated field of 4 or 8 byte numbers, packed or one by one; gives their bits. */
  void fixeds(int bytes, Elements elements) {
    if (wireType == (bytes == Integer.BYTES ? FIXED32 : FIXED64)) {
      elements.accept(fixed(bytes));
      return;
    }
    long outer = enterPacked(bytes);
    while (position < limit) {
      elements.accept(fixed(bytes));
    }
    limit = outer;
  }

  /** Steps over a repeated integer field and returns how many there are. */
  long countIntegers() {
    if (wireType == VARINT) {
      varint();
      return 1;
    }
    long outer = enterPacked(1);
    long count = 0;
    while (position < limit) {
      varint();
      count++;
    }
    limit = outer;
    return count;
  }

  /** Steps over a repeated field of 4 or 8 byte numbers and returns how many there are. */
  long countFixeds(int bytes) {
    if (wireType == (bytes == Integer.BYTES ? FIXED32 : FIXED64)) {
      advance(bytes);
      return 1;
    }
    long outer = enterPacked(bytes);
    long count = (limit - position) / bytes;
    position = limit;
    limit = outer;
    return count;
  }

  private long enterPacked(int elementBytes) {
    long length = checkedLength();
    if (length % elementBytes != 0) {
      throw broken("a multiple of " + elementBytes + " bytes in field " + field, length + " bytes");
    }
    long outer = limit;
    limit = position + length;
    return outer;
  }

  private void expect(int type) {
    if (wireType != type) {
      throw broken("field " + field + " of wire type " + type, "wire type " + wireType);
    }
  }

  private long checkedLength() {
    expect(LENGTH_PREFIXED);
    return length();
  }

  private long length() {
    long length = varint();
    if (length < 0 || length > limit - position) {
      throw broken(
          "field " + field + " within the " + (limit - position) + " bytes that are left",
          Long.toUnsignedString(length) + " bytes");
    }
    return length;
  }

  private void advance(long bytes) {
    if (bytes > limit - position) {
      throw broken(
          bytes + " bytes for field " + field, (limit - position) + " bytes until the end");
    }
    position += bytes;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int b = next8();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw broken("a number of at most 10 bytes", "a longer one");
  }

  private long fixed(int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (next8() & 0xFFL) << (i * Byte.SIZE);
    }
    return value;
  }

  private byte next8() {
    if (position >= limit) {
      throw broken("another byte", "the end of the message");
    }
    long index = position - windowStart;
    if (index < 0 || index >= windowBytes) {
      fill();
      index = 0;
    }
    position++;
    return window[(int) index];
  }

  private void fill() {
    windowBytes = (int) Math.min(window.length, file.size() - position);
    file.read(position, MemorySegment.ofArray(window).asSlice(0, windowBytes));
    windowStart = position;
  }

  private void copy(byte[] bytes) {
    long index = position - windowStart;
    if (index >= 0 && index + bytes.length <= windowBytes) {
      System.arraycopy(window, (int) index, bytes, 0, bytes.length);
    } else if (bytes.length < window.length / 4) {
      fill();
      System.arraycopy(window, 0, bytes, 0, bytes.length);
    } else {
      file.read(position, MemorySegment.ofArray(bytes));
    }
    position += bytes.length;
  }
}
