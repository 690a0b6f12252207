package dev.bascule.formats.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.FormatException;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/**
 * A metadata value with its key, read as the type that the caller needs; whoever finds it wrong can
 * say where it stands.
 */
public final class GgufEntry {
  private final Object file;
  private final String key;
  private final GgufValue value;

  GgufEntry(Object file, String key, GgufValue value) {
    this.file = file;
    this.key = key;
    this.value = value;
  }

  public String key() {
    return key;
  }

  public GgufValue value() {
    return value;
  }

  /** The error that this value is not what it should be. */
  public FormatException wrong(String expected, String remedy) {
    String place = "metadata " + FormatException.quote(key);
    return new FormatException(file, place, expected, describe(), remedy);
  }

  private FormatException wrong(String expected) {
    return wrong(expected, "convert or download the model again");
  }

  /** The value in a few words: {@code 32}, {@code 'llama'}, {@code texts[32000]}. */
  public String describe() {
    return describe(value);
  }

  private static String describe(GgufValue value) {
    return switch (value) {
      case GgufValue.Scalar scalar -> describe(scalar);
      case GgufValue.Text(byte[] utf8) -> FormatException.quote(new String(utf8, UTF_8));
      case GgufValue.Scalars scalars ->
          scalars.elementType().toString().toLowerCase(java.util.Locale.ROOT)
              + "["
              + scalars.count()
              + "]";
      case GgufValue.Texts texts -> "text[" + texts.ends().length + "]";
      case GgufValue.Nested nested -> "array[" + nested.elements().size() + "]";
    };
  }

  private static String describe(GgufValue.Scalar scalar) {
    return switch (scalar.type().kind()) {
      case UNSIGNED -> Long.toUnsignedString(scalar.bits());
      case SIGNED -> Long.toString(scalar.integer());
      case FLOAT ->
          scalar.type() == GgufType.F32
              ? Float.toString((float) scalar.real())
              : Double.toString(scalar.real());
      case BOOL -> Boolean.toString(scalar.bits() != 0);
      case TEXT, ARRAY -> throw new AssertionError(scalar);
    };
  }

  private static boolean isWhole(GgufType type) {
    return type.kind() == GgufType.Kind.SIGNED || type.kind() == GgufType.Kind.UNSIGNED;
  }

  /** A whole number, of any type, from {@code min} (0 or more for unsigned ones) to {@code max}. */
  public long integer(long min, long max) {
    if (value instanceof GgufValue.Scalar scalar && isWhole(scalar.type())) {
      long number = scalar.integer();
      boolean beyond = scalar.type() == GgufType.U64 && number < 0;
      if (!beyond && number >= min && number <= max) {
        return number;
      }
    }
    throw wrong("a whole number from " + min + " to " + max);
  }

  public int integer(int min, int max) {
    return (int) integer((long) min, (long) max);
  }

  /** A number, whole or not. */
  public double real() {
    if (value instanceof GgufValue.Scalar scalar) {
      if (scalar.type().kind() == GgufType.Kind.FLOAT) {
        return scalar.real();
      }
      if (isWhole(scalar.type())) {
        return scalar.integer();
      }
    }
    throw wrong("a number");
  }

  /** A number, whole or not, from {@code min} to {@code max}. */
  public double real(double min, double max) {
    double number = real();
    if (number >= min && number <= max) {
      return number;
    }
    throw wrong("a number from " + min + " to " + max);
  }

  public boolean truth() {
    if (value instanceof GgufValue.Scalar scalar && scalar.type() == GgufType.BOOL) {
      return scalar.bits() != 0;
    }
    throw wrong("true or false");
  }

  public String text() {
    if (value instanceof GgufValue.Text(byte[] utf8)) {
      return new String(utf8, UTF_8);
    }
    throw wrong("a text");
  }

  public boolean isArray() {
    return value.type() == GgufType.ARRAY;
  }

  private boolean isEmptyArray() {
    return value instanceof GgufValue.Nested nested && nested.elements().isEmpty();
  }

  /** An array of texts; each is made when it is asked for. */
  public List<String> texts() {
    return new TextList(utf8Texts());
  }

  /** An array of texts as the file's bytes. */
  public GgufValue.Texts utf8Texts() {
    if (value instanceof GgufValue.Texts texts) {
      return texts;
    }
    if (value instanceof GgufValue.Scalars scalars && scalars.count() == 0 || isEmptyArray()) {
      return new GgufValue.Texts(new byte[0], new int[0]);
    }
    throw wrong("an array of texts");
  }

  /** An array of whole numbers of 32 bits. */
  public int[] integers() {
    if (!(value instanceof GgufValue.Scalars scalars) || !isWhole(scalars.elementType())) {
      throw wrong("an array of whole numbers");
    }
    int[] numbers = new int[scalars.count()];
    if (scalars.elementType() == GgufType.I32) {
      scalars.littleEndian().asIntBuffer().get(numbers);
      return numbers;
    }
    for (int i = 0; i < numbers.length; i++) {
      GgufValue.Scalar element = scalars.get(i);
      long number = element.integer();
      if (number != (int) number) {
        throw wrong("whole numbers of 32 bits (element " + i + " is " + describe(element) + ")");
      }
      numbers[i] = (int) number;
    }
    return numbers;
  }

  /** An array of numbers. */
  public float[] reals() {
    if (!(value instanceof GgufValue.Scalars scalars)
        || scalars.elementType().kind() == GgufType.Kind.BOOL) {
      throw wrong("an array of numbers");
    }
    float[] numbers = new float[scalars.count()];
    if (scalars.elementType() == GgufType.F32) {
      scalars.littleEndian().asFloatBuffer().get(numbers);
      return numbers;
    }
    for (int i = 0; i < numbers.length; i++) {
      GgufValue.Scalar element = scalars.get(i);
      numbers[i] = (float) (isWhole(element.type()) ? element.integer() : element.real());
    }
    return numbers;
  }

  /** An array of truth values. */
  public boolean[] truths() {
    if (!(value instanceof GgufValue.Scalars scalars) || scalars.elementType() != GgufType.BOOL) {
      throw wrong("an array of truth values");
    }
    boolean[] truths = new boolean[scalars.count()];
    for (int i = 0; i < truths.length; i++) {
      truths[i] = scalars.get(i).bits() != 0;
    }
    return truths;
  }

  @Override
  public String toString() {
    return key + " = " + describe();
  }

  private static final class TextList extends AbstractList<String> implements RandomAccess {
    private final GgufValue.Texts texts;

    private TextList(GgufValue.Texts texts) {
      this.texts = texts;
    }

    @Override
    public String get(int index) {
      return texts.get(index);
    }

    @Override
    public int size() {
      return texts.ends().length;
    }
  }
}
