package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;

/** The methods of texts. */
final class TextMethods {
  private TextMethods() {}

  /** The method of this name, if there is one. */
  static Optional<Callable> find(String text, String name, Budget budget) {
    if (!NAMES.contains(name)) {
      return Optional.empty();
    }
    Callable method =
        switch (name) {
          case "strip" -> a -> PythonText.strip(text, characters(a), true, true);
          case "lstrip" -> a -> PythonText.strip(text, characters(a), true, false);
          case "rstrip" -> a -> PythonText.strip(text, characters(a), false, true);
          case "split" -> a -> split(text, a, budget);
          case "rsplit" -> a -> splitFromRight(text, a, budget);
          case "splitlines" -> a -> lines(text, budget);
          case "startswith" -> a -> anyOf(a.get(0, "prefix"), text::startsWith);
          case "endswith" -> a -> anyOf(a.get(0, "suffix"), text::endsWith);
          case "upper" -> a -> text.toUpperCase(Locale.ROOT);
          case "lower" -> a -> text.toLowerCase(Locale.ROOT);
          case "title" -> a -> title(text);
          case "capitalize" -> a -> capitalize(text);
          case "replace" -> a -> replace(text, a, budget);
          case "join" -> a -> join(text, a.get(0, "iterable"), budget);
          case "find" -> a -> position(text, text.indexOf(argument(a, "sub")));
          case "rfind" -> a -> position(text, text.lastIndexOf(argument(a, "sub")));
          case "count" -> a -> count(text, argument(a, "sub"));
          case "removeprefix" ->
              a -> {
                String prefix = argument(a, "prefix");
                return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
              };
          case "removesuffix" ->
              a -> {
                String suffix = argument(a, "suffix");
                return text.endsWith(suffix)
                    ? text.substring(0, text.length() - suffix.length())
                    : text;
              };
          case "isdigit" -> a -> all(text, Character::isDigit);
          case "isalpha" -> a -> all(text, Character::isLetter);
          case "isalnum" -> a -> all(text, Character::isLetterOrDigit);
          case "isspace" -> a -> all(text, PythonText::isSpace);
          case "isupper" ->
              a -> all(text, c -> !Character.isLowerCase(c)) && !text.equals(lower(text));
          case "islower" ->
              a -> all(text, c -> !Character.isUpperCase(c)) && !text.equals(upper(text));
          default -> throw new AssertionError(name);
        };
    return Optional.of(method);
  }

  private static final List<String> NAMES =
      List.of(
          "strip",
          "lstrip",
          "rstrip",
          "split",
          "rsplit",
          "splitlines",
          "startswith",
          "endswith",
          "upper",
          "lower",
          "title",
          "capitalize",
          "replace",
          "join",
          "find",
          "rfind",
          "count",
          "removeprefix",
          "removesuffix",
          "isdigit",
          "isalpha",
          "isalnum",
          "isspace",
          "isupper",
          "islower");

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  private static String argument(Arguments arguments, String name) {
    return Values.text(arguments.get(0, name), "'" + name + "'");
  }

  private static String characters(Arguments arguments) {
    Object given = arguments.find(0, "chars").orElse(None.NONE);
    return given == None.NONE ? "" : Values.text(given, "the characters to strip");
  }

  private static boolean all(String text, IntPredicate predicate) {
    return !text.isEmpty() && text.codePoints().allMatch(predicate);
  }

  /** A text, or a tuple of texts, one of which is enough. */
  private static boolean anyOf(Object given, java.util.function.Predicate<String> predicate) {
    if (given instanceof Tuple(List<Object> elements)) {
      return elements.stream().anyMatch(e -> predicate.test(Values.text(e, "a prefix or suffix")));
    }
    return predicate.test(Values.text(given, "a prefix or suffix"));
  }

  private static long splitsMax(Arguments arguments) {
    return arguments
        .find(1, "maxsplit")
        .map(given -> Values.index(given, "maxsplit", -1, Integer.MAX_VALUE))
        .orElse(-1L);
  }

  private static Object split(String text, Arguments arguments, Budget budget) {
    long splitsMax = splitsMax(arguments);
    budget.spend(text.length());
    Object separator = arguments.find(0, "sep").orElse(None.NONE);
    if (separator == None.NONE) {
      return PythonText.words(text, splitsMax);
    }
    String between = separator(separator);
    List<Object> parts = new ArrayList<>();
    int start = 0;
    for (int at = text.indexOf(between);
        at >= 0 && (splitsMax < 0 || parts.size() < splitsMax);
        at = text.indexOf(between, start)) {
      parts.add(text.substring(start, at));
      start = at + between.length();
    }
    parts.add(text.substring(start));
    return parts;
  }

  private static String separator(Object given) {
    String separator = Values.text(given, "a separator");
    if (separator.isEmpty()) {
      throw new TemplateProblem("a separator", "an empty one");
    }
    return separator;
  }

  private static Object splitFromRight(String text, Arguments arguments, Budget budget) {
    Object separator = arguments.find(0, "sep").orElse(None.NONE);
    long splitsMax = splitsMax(arguments);
    if (separator == None.NONE || splitsMax < 0) {
      if (separator == None.NONE && splitsMax >= 0) {
        throw new TemplateProblem("a separator for rsplit", "None");
      }
      return split(text, arguments, budget);
    }
    String between = separator(separator);
    budget.spend(text.length());
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    for (int at = text.lastIndexOf(between);
        at >= 0 && parts.size() < splitsMax;
        at = at == 0 ? -1 : text.lastIndexOf(between, end - between.length())) {
      parts.add(text.substring(at + between.length(), end));
      end = at;
    }
    parts.add(text.substring(0, end));
    java.util.Collections.reverse(parts);
    return parts;
  }

  private static Object lines(String text, Budget budget) {
    budget.spend(text.length());
    List<Object> lines = new ArrayList<>(text.lines().toList());
    return lines;
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return upper(text.substring(0, first)) + lower(text.substring(first));
  }

  static String title(String text) {
    StringBuilder title = new StringBuilder();
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      title.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }

  static String replace(String text, Arguments arguments, Budget budget) {
    String from = Values.text(arguments.get(0, "old"), "what to replace");
    String to = Values.text(arguments.get(1, "new"), "the replacement");
    long most =
        arguments
            .find(2, "count")
            .filter(given -> given != None.NONE)
            .map(given -> Values.index(given, "count", -1, Integer.MAX_VALUE))
            .orElse(-1L);
    StringBuilder result = new StringBuilder();
    int start = 0;
    int at = text.indexOf(from);
    for (long done = 0; at >= 0 && (most < 0 || done < most); done++) {
      budget.spend(at - start + to.length() + 1L);
      result.append(text, start, at).append(to);
      if (from.isEmpty()) {
        if (at == text.length()) {
          return result.toString();
        }
        result.append(text.charAt(at));
      }
      start = at + Math.max(1, from.length());
      at = start > text.length() ? -1 : text.indexOf(from, start);
    }
    return result.append(text, Math.min(start, text.length()), text.length()).toString();
  }

  static String join(String between, Object elements, Budget budget) {
    StringBuilder joined = new StringBuilder();
    boolean first = true;
    for (Object element : Values.elements(elements)) {
      String text = Values.text(element, "an element to join");
      budget.spend(text.length() + between.length() + 1L);
      joined.append(first ? "" : between).append(text);
      first = false;
    }
    return joined.toString();
  }

  private static long position(String text, int at) {
    return at < 0 ? -1 : text.codePointCount(0, at);
  }

  private static long count(String text, String part) {
    if (part.isEmpty()) {
      return Values.length(text) + 1;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }
}
