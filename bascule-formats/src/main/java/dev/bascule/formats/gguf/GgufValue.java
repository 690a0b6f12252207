package dev.bascule.formats.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A metadata value, kept as the file's bytes: a vocabulary of 150,000 texts costs one array, and
 * what is written again is what was read.
 */
public sealed interface GgufValue {
  /** A number or truth value: its bits, the high ones zero. */
  record Scalar(GgufType type, long bits) implements GgufValue {
    /** The number; that of an unsigned 64-bit type as its bits. */
    long integer() {
      int unused = Long.SIZE - type.bytes() * Byte.SIZE;
      return type.kind() == GgufType.Kind.SIGNED ? bits << unused >> unused : bits;
    }

    double real() {
      return type == GgufType.F32
          ? Float.intBitsToFloat((int) bits)
          : Double.longBitsToDouble(bits);
    }
  }

  /** A text, UTF-8 where the writer kept to the rules. */
  record Text(byte[] utf8) implements GgufValue {
    @Override
    public GgufType type() {
      return GgufType.TEXT;
    }
  }

  /** Numbers or truth values of one type, little-endian. */
  record Scalars(GgufType elementType, byte[] bytes) implements GgufValue {
    @Override
    public GgufType type() {
      return GgufType.ARRAY;
    }

    int count() {
      return bytes.length / elementType.bytes();
    }

    ByteBuffer littleEndian() {
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    Scalar get(int index) {
      int size = elementType.bytes();
      long bits = 0;
      for (int i = size - 1; i >= 0; i--) {
        bits = bits << Byte.SIZE | bytes[index * size + i] & 0xFF;
      }
      return new Scalar(elementType, bits);
    }
  }

  /** Texts one after the other; text i ends before byte {@code ends[i]}. */
  record Texts(byte[] utf8, int[] ends) implements GgufValue {
    @Override
    public GgufType type() {
      return GgufType.ARRAY;
    }

    int start(int index) {
      return index == 0 ? 0 : ends[index - 1];
    }

    String get(int index) {
      return new String(utf8, start(index), ends[index] - start(index), UTF_8);
    }
  }

  /** Arrays in an array. */
  record Nested(List<GgufValue> elements) implements GgufValue {
    public Nested {
      elements = List.copyOf(elements);
    }

    @Override
    public GgufType type() {
      return GgufType.ARRAY;
    }
  }

  GgufType type();

  static GgufValue of(String text) {
    return new Text(text.getBytes(UTF_8));
  }

  static GgufValue of(boolean truth) {
    return new Scalar(GgufType.BOOL, truth ? 1 : 0);
  }

  static GgufValue of(float number) {
    return new Scalar(GgufType.F32, Float.floatToRawIntBits(number) & 0xFFFF_FFFFL);
  }

  /** An unsigned 32-bit number, the usual type of counts. */
  static GgufValue u32(long number) {
    if (number < 0 || number > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("a 32-bit count: expected 0 to 4294967295, got " + number);
    }
    return new Scalar(GgufType.U32, number);
  }

  static GgufValue ofTexts(List<String> texts) {
    ByteArrayOutputStream utf8 = new ByteArrayOutputStream();
    int[] ends = new int[texts.size()];
    for (int i = 0; i < ends.length; i++) {
      utf8.writeBytes(texts.get(i).getBytes(UTF_8));
      ends[i] = utf8.size();
    }
    return new Texts(utf8.toByteArray(), ends);
  }

  static GgufValue ofIntegers(int[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Integer.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(numbers);
    return new Scalars(GgufType.I32, bytes.array());
  }

  static GgufValue ofReals(float[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Float.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(numbers);
    return new Scalars(GgufType.F32, bytes.array());
  }
}
