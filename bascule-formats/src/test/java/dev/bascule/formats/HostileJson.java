package dev.bascule.formats;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.random.RandomGenerator;

/** Changes JSON documents where they can hurt: values of the wrong kind, size or number. */
public final class HostileJson {
  /** A value as the document writes it, which need not be JSON. */
  private record Raw(String text) {}

  private static final List<String> VALUES =
      List.of(
          "null",
          "0",
          "1",
          "-1",
          "2",
          "3",
          "7",
          "64",
          "1e308",
          "-1e308",
          "1e-320",
          "0.5",
          "1.5",
          "-0.0",
          "NaN",
          "2147483647",
          "2147483648",
          "-2147483648",
          "9223372036854775807",
          "9223372036854775808",
          "1000000000",
          "16777216",
          "16777215",
          "1048576",
          "65536",
          "65535",
          "true",
          "false",
          "\"\"",
          "\"yes\"",
          "\"\\u0000\\ud800\"",
          "[]",
          "{}",
          "[0]",
          "[1,2,3]",
          "[null]",
          "{\"a\":1}",
          "\"default\"",
          "\"yarn\"",
          "\"linear\"",
          "\"llama3\"",
          "\"dynamic\"",
          "[".repeat(60) + "]".repeat(60),
          "[".repeat(9999));

  private HostileJson() {}

  /**
   * A document with a few of its values changed, removed, doubled or added.
   *
   * @param keys names that the outermost object may get in addition
   */
  public static byte[] mutate(byte[] json, List<String> keys, RandomGenerator random) {
    if (random.nextInt(8) == 0) {
      return Fuzz.mutate(json, random);
    }
    Object tree = copy(Json.parse(json, "the original").plain());
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      change(tree, keys, random);
    }
    return text(tree).getBytes(UTF_8);
  }

  private static Object copy(Object value) {
    return switch (value) {
      case Map<?, ?> members -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        members.forEach((name, member) -> copy.put(name, copy(member)));
        yield copy;
      }
      case List<?> elements -> {
        List<Object> copy = new ArrayList<>();
        elements.forEach(element -> copy.add(copy(element)));
        yield copy;
      }
      case null -> new Raw("null");
      default -> value;
    };
  }

  @SuppressWarnings("unchecked") // copy made it
  private static void change(Object tree, List<String> keys, RandomGenerator random) {
    switch (tree) {
      case Map<?, ?> map -> {
        Map<Object, Object> members = (Map<Object, Object>) map;
        if (!keys.isEmpty() && random.nextInt(4) == 0 || members.isEmpty()) {
          String key = keys.isEmpty() ? "added" : keys.get(random.nextInt(keys.size()));
          members.put(key, hostile(members.get(key), random));
          return;
        }
        Object name = new ArrayList<>(members.keySet()).get(random.nextInt(members.size()));
        Object member = members.get(name);
        boolean isInner = member instanceof Map || member instanceof List;
        if (isInner && random.nextInt(3) > 0) {
          change(member, List.of(), random);
        } else if (random.nextInt(5) == 0) {
          members.remove(name);
          if (random.nextBoolean()) {
            members.put(name + "2", member);
          }
        } else {
          members.put(name, hostile(member, random));
        }
      }
      case List<?> list when !list.isEmpty() -> {
        List<Object> elements = (List<Object>) list;
        int at = random.nextInt(elements.size());
        Object element = elements.get(at);
        boolean isInner = element instanceof Map || element instanceof List;
        switch (random.nextInt(4)) {
          case 0 -> elements.remove(at);
          case 1 -> elements.add(at, element);
          default -> {
            if (isInner && random.nextInt(3) > 0) {
              change(element, List.of(), random);
            } else {
              elements.set(at, hostile(element, random));
            }
          }
        }
      }
      default -> {}
    }
  }

  private static Object hostile(Object value, RandomGenerator random) {
    if (value instanceof Long number && random.nextBoolean()) {
      return new Raw(
          switch (random.nextInt(6)) {
            case 0 -> "" + (number + 1);
            case 1 -> "" + (number - 1);
            case 2 -> "" + number * 2;
            case 3 -> "" + number / 2;
            case 4 -> "" + -number;
            default -> number + ".0";
          });
    }
    return new Raw(VALUES.get(random.nextInt(VALUES.size())));
  }

  private static String text(Object value) {
    return switch (value) {
      case Raw(String text) -> text;
      case Map<?, ?> members -> {
        StringJoiner text = new StringJoiner(",", "{", "}");
        members.forEach(
            (name, member) -> text.add(Json.quote(name.toString()) + ":" + text(member)));
        yield text.toString();
      }
      case List<?> elements -> {
        StringJoiner text = new StringJoiner(",", "[", "]");
        elements.forEach(element -> text.add(text(element)));
        yield text.toString();
      }
      case String text -> Json.quote(text);
      default -> value.toString();
    };
  }
}
