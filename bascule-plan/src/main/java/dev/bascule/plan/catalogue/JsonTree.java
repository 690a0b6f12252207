package dev.bascule.plan.catalogue;

import dev.bascule.plan.PlanException;
import java.util.ArrayList;
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
import tools.jackson.core.json.JsonFactory;

/** An object of a JSON file; what is wrong in it is told with the file and the place. */
final class JsonTree {
  private static final StreamReadConstraints CONSTRAINTS =
      StreamReadConstraints.builder().maxNestingDepth(64).maxTokenCount(1L << 20).build();

  private final String file;
  private final String place;
  private final int line;
  private final @Nullable Object value;

  private JsonTree(String file, String place, int line, @Nullable Object value) {
    this.file = file;
    this.place = place;
    this.line = line;
    this.value = value;
  }

  /** An object with the line on which it starts. */
  private record Members(int line, Map<String, @Nullable Object> map) {}

  static JsonTree parse(String file, String text) {
    JsonFactory factory = JsonFactory.builder().streamReadConstraints(CONSTRAINTS).build();
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), text)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new PlanException(file + ": expected JSON, got an empty file; check the path");
      }
      return new JsonTree(file, "", 1, value(parser, first));
    } catch (JacksonException e) {
      throw new PlanException(
          file
              + " line "
              + e.getLocation().getLineNr()
              + " column "
              + e.getLocation().getColumnNr()
              + ": expected valid JSON, got "
              + PlanException.quote(e.getOriginalMessage())
              + "; correct it there",
          e);
    }
  }

  private static @Nullable Object value(JsonParser parser, JsonToken token) {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        int line = parser.currentTokenLocation().getLineNr();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          members.put(name, value(parser, parser.nextToken()));
        }
        yield new Members(line, members);
      }
      case START_ARRAY -> {
        List<@Nullable Object> elements = new ArrayList<>();
        for (JsonToken next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          elements.add(value(parser, next));
        }
        yield elements;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  int line() {
    return line;
  }

  boolean isObject() {
    return value instanceof Members;
  }

  Optional<JsonTree> get(String name) {
    if (!(value instanceof Members members)) {
      throw wrong("an object");
    }
    Object member = members.map().get(name);
    String where = place.isEmpty() ? name : place + "." + name;
    int at = member instanceof Members inner ? inner.line() : members.line();
    return member == null ? Optional.empty() : Optional.of(new JsonTree(file, where, at, member));
  }

  JsonTree need(String name) {
    return get(name)
        .orElseThrow(() ->
            new PlanException(
                file + at() + ": expected '" + name + "', got nothing; add it there"));
  }

  List<JsonTree> elements() {
    if (!(value instanceof List<?> list)) {
      throw wrong("a list");
    }
    List<JsonTree> elements = new ArrayList<>();
    for (Object element : list) {
      int at = element instanceof Members members ? members.line() : line;
      elements.add(new JsonTree(file, place + "[" + elements.size() + "]", at, element));
    }
    return elements;
  }

  String text() {
    if (value instanceof String text) {
      return text;
    }
    throw wrong("a text");
  }

  boolean truth() {
    if (value instanceof Boolean truth) {
      return truth;
    }
    throw wrong("true or false");
  }

  double number() {
    if (value instanceof Double number) {
      return number;
    }
    throw wrong("a number");
  }

  /** A whole number from {@code min} on. */
  int count(int min) {
    double number = number();
    if (number != Math.rint(number) || number < min || number > Integer.MAX_VALUE) {
      throw wrong("a whole number of at least " + min);
    }
    return (int) number;
  }

  private String at() {
    return " line " + line + (place.isEmpty() ? "" : ", " + place);
  }

  PlanException wrong(String expected) {
    String got =
        switch (value) {
          case null -> "null";
          case Members members -> "an object";
          case List<?> list -> "a list";
          case String text -> PlanException.quote(text);
          default -> value.toString();
        };
    return new PlanException(
        file + at() + ": expected " + expected + ", got " + got + "; correct it there");
  }
}
