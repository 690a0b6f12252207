package dev.bascule.certify;

import dev.bascule.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * JSON in one spelling: names sorted, no blanks, numbers as Java writes them (whole numbers without
 * a point, others by their shortest decimals), those that JSON lacks as texts. A digest over it
 * does not depend on how a file is laid out.
 */
final class CanonicalJson {
  private CanonicalJson() {}

  static String of(Object value) {
    StringBuilder text = new StringBuilder();
    write(value, -1, true, text);
    return text.toString();
  }

  /** The same with a line for each member, in their own order, for people. */
  static String pretty(Object value) {
    StringBuilder text = new StringBuilder();
    write(value, 0, false, text);
    return text.append('\n').toString();
  }

  static String sha256(Object value) {
    byte[] bytes = of(value).getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(ModelFiles.digest().digest(bytes));
  }

  /**
   * @param depth of lines; below 0 for none
   */
  private static void write(Object value, int depth, boolean sorted, StringBuilder text) {
    switch (value) {
      case Map<?, ?> map -> object(map, depth, sorted, text);
      case List<?> list -> array(list, depth, sorted, text);
      case Boolean truth -> text.append(truth);
      case Long number -> text.append(number.longValue());
      case Integer number -> text.append(number.longValue());
      case Double number when Double.isFinite(number) -> text.append(number.doubleValue());
      default -> text.append(Json.quote(value.toString()));
    }
  }

  private static void object(Map<?, ?> map, int depth, boolean sorted, StringBuilder text) {
    Map<String, Object> members = sorted ? new TreeMap<>() : new LinkedHashMap<>();
    map.forEach((name, member) -> members.put(String.valueOf(name), member));
    char separator = '{';
    for (Map.Entry<String, Object> member : members.entrySet()) {
      text.append(separator);
      line(depth, text);
      text.append(Json.quote(member.getKey())).append(depth < 0 ? ":" : ": ");
      write(member.getValue(), depth < 0 ? -1 : depth + 1, sorted, text);
      separator = ',';
    }
    text.append(members.isEmpty() ? "{" : "");
    line(members.isEmpty() ? -1 : depth - 1, text);
    text.append('}');
  }

  private static void array(List<?> list, int depth, boolean sorted, StringBuilder text) {
    boolean isFlat = list.stream().noneMatch(e -> e instanceof Map || e instanceof String);
    int inner = isFlat ? -1 : depth;
    text.append('[');
    String separator = "";
    for (Object element : list) {
      text.append(separator);
      line(inner, text);
      write(element, -1, sorted, text);
      separator = inner < 0 && depth >= 0 ? ", " : ",";
    }
    line(list.isEmpty() ? -1 : inner - 1, text);
    text.append(']');
  }

  private static void line(int depth, StringBuilder text) {
    if (depth >= 0) {
      text.append('\n').append("  ".repeat(depth + 1));
    }
  }

  /** A parsed value as maps, lists, texts, numbers and truths. */
  static Object tree(Json json) {
    if (json.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      json.members().forEach((name, member) -> map.put(name, tree(member)));
      return map;
    }
    if (json.isArray()) {
      List<Object> list = new ArrayList<>();
      json.elements().forEach(element -> list.add(tree(element)));
      return list;
    }
    if (json.isText()) {
      return json.text();
    }
    if (json.isNull()) {
      throw json.wrong("a value", "make the certificate anew");
    }
    String literal = json.describe();
    return switch (literal) {
      case "true" -> true;
      case "false" -> false;
      default ->
          literal.matches("-?[0-9]+") ? (Object) Long.valueOf(literal) : (Object) json.real();
    };
  }
}
