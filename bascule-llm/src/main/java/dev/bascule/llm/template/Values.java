package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values of templates: texts, whole numbers (Long), numbers (Double), truths, None, lists, tuples,
 * dicts (maps), and what can be called; with Python's rules.
 */
final class Values {
  private Values() {}

  /** A value from outside as one of templates; it is copied, and cannot be changed. */
  static Object from(@Nullable Object given) {
    return from(given, 0);
  }

  private static Object from(@Nullable Object given, int depth) {
    if (depth > Budget.DEPTH_MAX) {
      throw new TemplateProblem("values at most " + Budget.DEPTH_MAX + " deep", "a deeper one");
    }
    return switch (given) {
      case null -> None.NONE;
      case None none -> none;
      case String text -> text;
      case Boolean truth -> truth;
      case Double number -> number;
      case Float number -> (double) number;
      case Number number -> number.longValue();
      case Map<?, ?> map -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(from(key, depth + 1), from(value, depth + 1)));
        yield Collections.unmodifiableMap(copy);
      }
      case Collection<?> elements -> {
        List<Object> copy = new ArrayList<>();
        elements.forEach(element -> copy.add(from(element, depth + 1)));
        yield Collections.unmodifiableList(copy);
      }
      default ->
          throw new TemplateProblem(
              "texts, numbers, truths, lists and maps", given.getClass().getSimpleName());
    };
  }

  /** What kind of value it is, for messages. */
  static String kind(Object value) {
    return switch (value) {
      case String ignored -> "a text";
      case Long ignored -> "a whole number";
      case Double ignored -> "a number";
      case Boolean ignored -> "a truth value";
      case None ignored -> "None";
      case Undefined(String what) -> what + ", which is undefined";
      case List<?> ignored -> "a list";
      case Tuple ignored -> "a tuple";
      case Map<?, ?> ignored -> "a dict";
      case Namespace ignored -> "a namespace";
      case Callable ignored -> "a function";
      default -> "a loop";
    };
  }

  static boolean isTrue(Object value) {
    return switch (value) {
      case String text -> !text.isEmpty();
      case Long number -> number != 0;
      case Double number -> number != 0;
      case Boolean truth -> truth;
      case None ignored -> false;
      case Undefined ignored -> false;
      case List<?> list -> !list.isEmpty();
      case Tuple(List<Object> elements) -> !elements.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> true;
    };
  }

  static String text(Object value, String expected) {
    if (value instanceof String text) {
      return text;
    }
    throw new TemplateProblem(expected + " (a text)", kind(value));
  }

  /** A whole number within bounds. */
  static long index(Object value, String expected, long min, long max) {
    long number =
        switch (value) {
          case Long whole -> whole;
          case Boolean truth -> truth ? 1 : 0;
          default -> throw new TemplateProblem(expected + " (a whole number)", kind(value));
        };
    if (number < min || number > max) {
      throw new TemplateProblem(expected + " from " + min + " to " + max, number + "");
    }
    return number;
  }

  static boolean isIterable(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Tuple
        || value instanceof Map
        || value instanceof Undefined;
  }

  /** What a loop goes over: a text's characters, a dict's keys. */
  static List<Object> elements(Object value) {
    return switch (value) {
      case String text -> text.codePoints().<Object>mapToObj(Character::toString).toList();
      case List<?> list -> Collections.unmodifiableList(list);
      case Tuple(List<Object> elements) -> elements;
      case Map<?, ?> map -> List.copyOf(map.keySet());
      case Undefined ignored -> List.of();
      default -> throw new TemplateProblem("a list, a dict or a text", kind(value));
    };
  }

  static long length(Object value) {
    return switch (value) {
      case String text -> text.codePointCount(0, text.length());
      case Map<?, ?> map -> map.size();
      default -> elements(value).size();
    };
  }

  /** Whole numbers and truths as numbers. */
  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static boolean isWhole(Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  static double real(Object value) {
    return switch (value) {
      case Long number -> number;
      case Double number -> number;
      case Boolean truth -> truth ? 1 : 0;
      default -> throw new TemplateProblem("a number", kind(value));
    };
  }

  static long whole(Object value) {
    return index(value, "a whole number", Long.MIN_VALUE, Long.MAX_VALUE);
  }

  static boolean equal(Object a, Object b, Budget budget) {
    budget.spend(1);
    if (isNumber(a) && isNumber(b)) {
      return isWhole(a) && isWhole(b) ? whole(a) == whole(b) : real(a) == real(b);
    }
    return switch (a) {
      case String text -> text.equals(b);
      case List<?> list -> b instanceof List<?> other && equalElements(list, other, budget);
      case Tuple(List<Object> list) ->
          b instanceof Tuple(List<Object> other) && equalElements(list, other, budget);
      case Map<?, ?> map -> b instanceof Map<?, ?> other && equalEntries(map, other, budget);
      case Undefined ignored -> b instanceof Undefined;
      case None ignored -> b instanceof None;
      default -> false; // functions, loops and namespaces, which nothing compares
    };
  }

  private static boolean equalElements(List<?> a, List<?> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    boolean equal = true;
    for (int i = 0; i < a.size() && equal; i++) {
      equal = equal(a.get(i), b.get(i), budget);
    }
    budget.leave();
    return equal;
  }

  private static boolean equalEntries(Map<?, ?> a, Map<?, ?> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    budget.enter();
    boolean equal = true;
    for (Map.Entry<?, ?> entry : a.entrySet()) {
      Object other = b.get(entry.getKey());
      equal &= other != null && equal(entry.getValue(), other, budget);
    }
    budget.leave();
    return equal;
  }

  /** The order of numbers, of texts by code points, and of lists by their elements. */
  static int compare(Object a, Object b, Budget budget) {
    budget.spend(1);
    if (isNumber(a) && isNumber(b)) {
      return isWhole(a) && isWhole(b)
          ? Long.compare(whole(a), whole(b))
          : Double.compare(real(a), real(b));
    }
    if (a instanceof String x && b instanceof String y) {
      int[] first = x.codePoints().toArray();
      int[] second = y.codePoints().toArray();
      return java.util.Arrays.compare(first, second);
    }
    boolean lists =
        a instanceof List && b instanceof List || a instanceof Tuple && b instanceof Tuple;
    if (!lists) {
      throw new TemplateProblem("two values that have an order", kind(a) + " and " + kind(b));
    }
    List<Object> first = elements(a);
    List<Object> second = elements(b);
    budget.enter();
    int order = Integer.compare(first.size(), second.size());
    for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
      if (!equal(first.get(i), second.get(i), budget)) {
        order = compare(first.get(i), second.get(i), budget);
        break;
      }
    }
    budget.leave();
    return order;
  }

  static boolean contains(Object container, Object value, Budget budget) {
    if (container instanceof String text) {
      return text.contains(text(value, "what is looked for in a text"));
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(key(value));
    }
    for (Object element : elements(container)) {
      if (equal(element, value, budget)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a value has no parts. */
  static boolean isScalar(Object value) {
    return value instanceof String || value instanceof None || isNumber(value);
  }

  /** What may be a dict's key: nothing that has parts. */
  static Object key(Object value) {
    return switch (value) {
      case String text -> text;
      case Long number -> number;
      case Double number -> number;
      case Boolean truth -> truth;
      case None none -> none;
      default -> throw new TemplateProblem("a text, number, truth or None as key", kind(value));
    };
  }
}
