package dev.bascule.formats.json;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * A value in a JSON file that knows where it stands ({@code model.vocab}), so that whoever finds it
 * wrong can say so. A tree over Jackson's stream: its data binding would more than double the
 * start-up time of a small command.
 */
public final class Json {
  private static final int FILE_BYTES_MAX = 128 << 20;
  private static final StreamReadConstraints CONSTRAINTS =
      StreamReadConstraints.builder()
          .maxNestingDepth(64)
          .maxTokenCount(8L << 20)
          .maxNameLength(1 << 20)
          .maxStringLength(FILE_BYTES_MAX)
          .build();

  private final Object file;
  private final @Nullable Json parent;

  /** How to come here from the parent: a name or an index. */
  private final Object step;

  /** A Map, a List, a String, a Long, a Double, a Boolean or null. */
  private final @Nullable Object value;

  private Json(Object file, @Nullable Json parent, Object step, @Nullable Object value) {
    this.file = file;
    this.parent = parent;
    this.step = step;
    this.value = value;
  }

  public static Json read(Path path) {
    try (InputFile file = InputFile.open(path)) {
      if (file.size() > FILE_BYTES_MAX) {
        throw new FormatException(
            path,
            "",
            "at most " + FILE_BYTES_MAX + " bytes of JSON",
            file.size() + " bytes",
            "check that it is the right file");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, MemorySegment.ofArray(bytes));
      return parse(bytes, path);
    }
  }

  /**
   * Parses a whole document.
   *
   * @param file what messages call it
   */
  public static Json parse(byte[] utf8, Object file) {
    JsonFactory factory = JsonFactory.builder().streamReadConstraints(CONSTRAINTS).build();
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), utf8)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new FormatException(file, "", "a JSON value", "an empty file", "download it again");
      }
      Json document = new Json(file, null, "", value(parser, first, file));
      if (parser.nextToken() != null) {
        throw broken(file, parser, "one JSON value", "another after it");
      }
      return document;
    } catch (JacksonException e) {
      String got = FormatException.quote(e.getOriginalMessage());
      throw new FormatException(file, where(e), "valid JSON", got, "download it again", e);
    }
  }

  /** Nothing where the parser does not say: texts that are no UTF-16, for example. */
  private static String where(JacksonException e) {
    TokenStreamLocation location = e.getLocation();
    return location == null
        ? ""
        : "line " + location.getLineNr() + " column " + location.getColumnNr();
  }

  private static FormatException broken(
      Object file, JsonParser parser, String expected, String got) {
    var location = parser.currentTokenLocation();
    String where = "line " + location.getLineNr() + " column " + location.getColumnNr();
    return new FormatException(file, where, expected, got, "download it again");
  }

  /** Recursion is bounded by the constraints' depth. */
  private static @Nullable Object value(JsonParser parser, JsonToken token, Object file) {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          Object member = value(parser, parser.nextToken(), file);
          if (members.put(name, member) != null) {
            throw broken(file, parser, "each name once", FormatException.quote(name) + " twice");
          }
        }
        yield members;
      }
      case START_ARRAY -> {
        List<@Nullable Object> elements = new ArrayList<>();
        for (JsonToken next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          elements.add(value(parser, next, file));
        }
        yield elements;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> {
        // the largest texts that many tokenizers state are 10^30 tokens long
        yield parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
            ? (Object) parser.getDoubleValue()
            : (Object) parser.getLongValue();
      }
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw broken(file, parser, "a JSON value", token.toString());
    };
  }

  /** A text as JSON writes it, between quotes. */
  public static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        default -> {
          // a lone surrogate has no UTF-8: written as its number, it survives
          boolean alone = Character.isSurrogate(c) && !isPaired(text, i);
          if (c < ' ' || alone) {
            quoted.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }

  private static boolean isPaired(String text, int index) {
    return Character.isHighSurrogate(text.charAt(index))
        ? index + 1 < text.length() && Character.isLowSurrogate(text.charAt(index + 1))
        : index > 0 && Character.isHighSurrogate(text.charAt(index - 1));
  }

  /** The error that this value is not what it should be. */
  public FormatException wrong(String expected, String remedy) {
    return new FormatException(file, place(), expected, describe(), remedy);
  }

  private FormatException wrong(String expected) {
    return wrong(expected, "download it again, or correct it by hand");
  }

  /** Built when it is needed: a vocabulary has many values and no errors. */
  private String place() {
    if (parent == null) {
      return "";
    }
    String outer = parent.place();
    if (step instanceof Integer index) {
      return outer + "[" + index + "]";
    }
    String name = step.toString();
    boolean plain = name.matches("[A-Za-z0-9_-]{1,40}");
    return (outer.isEmpty() ? "" : outer + ".") + (plain ? name : FormatException.quote(name));
  }

  /** The value in a few words, on one line. */
  public String describe() {
    return switch (value) {
      case null -> "null or nothing";
      case Map<?, ?> members -> "an object of " + members.size();
      case List<?> elements -> "an array of " + elements.size();
      case String text -> FormatException.quote(text);
      default -> value.toString();
    };
  }

  /** Whether there is no value, or null. */
  public boolean isNull() {
    return value == null;
  }

  public boolean isObject() {
    return value instanceof Map;
  }

  public boolean isArray() {
    return value instanceof List;
  }

  /** The member of an object; null where the object has none of this name. */
  public Json get(String name) {
    if (!(value instanceof Map<?, ?> members)) {
      throw wrong("an object");
    }
    return new Json(file, this, name, members.get(name));
  }

  /** This value, unless it is null. */
  public Optional<Json> optional() {
    return value == null ? Optional.empty() : Optional.of(this);
  }

  public List<Json> elements() {
    if (!(value instanceof List<?> elements)) {
      throw wrong("an array");
    }
    List<Json> result = new ArrayList<>();
    for (Object element : elements) {
      result.add(new Json(file, this, result.size(), element));
    }
    return result;
  }

  /** The members of an object, in the file's order. */
  public Map<String, Json> members() {
    if (!(value instanceof Map<?, ?> members)) {
      throw wrong("an object");
    }
    Map<String, Json> result = new LinkedHashMap<>();
    members.forEach(
        (name, member) -> result.put((String) name, new Json(file, this, name, member)));
    return result;
  }

  /**
   * The members of an object of whole numbers from {@code min} to {@code max}: large ones cost
   * little.
   */
  public Map<String, Integer> integerMembers(int min, int max) {
    if (!(value instanceof Map<?, ?> members)) {
      throw wrong("an object");
    }
    Map<String, Integer> result = HashMap.newHashMap(members.size());
    for (Map.Entry<?, ?> member : members.entrySet()) {
      String name = (String) member.getKey();
      if (!(member.getValue() instanceof Long number) || number < min || number > max) {
        throw get(name).wrong("a whole number from " + min + " to " + max);
      }
      result.put(name, number.intValue());
    }
    return result;
  }

  public String text() {
    if (value instanceof String text) {
      return text;
    }
    throw wrong("a text");
  }

  public boolean truth() {
    if (value instanceof Boolean truth) {
      return truth;
    }
    throw wrong("true or false");
  }

  /** Otherwise where there is no value. */
  public boolean truthOr(boolean otherwise) {
    return value == null ? otherwise : truth();
  }

  /** Otherwise where there is no value. */
  public String textOr(String otherwise) {
    return value == null ? otherwise : text();
  }

  /**
   * The value without its place: a Map, a List, a String, a Long, a Double, a Boolean or null, and
   * what these hold.
   */
  public @Nullable Object plain() {
    return value;
  }

  public boolean isText() {
    return value instanceof String;
  }

  /** Where this value stands, for messages: the file and the names that lead here. */
  public String location() {
    return parent == null ? file.toString() : file + ", " + place();
  }

  /** A whole number from {@code min} to {@code max}. */
  public int integer(int min, int max) {
    if (value instanceof Long number && number >= min && number <= max) {
      return number.intValue();
    }
    throw wrong("a whole number from " + min + " to " + max);
  }

  /** A whole number from {@code min} to {@code max}. */
  public long integer(long min, long max) {
    if (value instanceof Long number && number >= min && number <= max) {
      return number;
    }
    throw wrong("a whole number from " + min + " to " + max);
  }

  /** A number, whole or not. */
  public double real() {
    return switch (value) {
      case Double number -> number;
      case Long number -> number;
      case null, default -> throw wrong("a number");
    };
  }

  /** A number, whole or not, from {@code min} to {@code max}. */
  public double real(double min, double max) {
    double number = real();
    if (number >= min && number <= max) {
      return number;
    }
    throw wrong("a number from " + min + " to " + max);
  }
}
