package dev.bascule.llm.template;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The functions that every template has. */
final class Functions {
  private static final int RANGE_MAX = 1 << 20;

  private Functions() {}

  static void define(Scope scope, LocalDateTime now, Budget budget) {
    scope.set("range", (Callable) arguments -> range(arguments, budget));
    scope.set("namespace", (Callable) arguments -> new Namespace(members(arguments)));
    scope.set(
        "dict", (Callable) arguments -> new LinkedHashMap<Object, Object>(members(arguments)));
    scope.set("raise_exception", (Callable) Functions::refuse);
    scope.set(
        "strftime_now",
        (Callable) arguments -> time(now, Values.text(arguments.get(0, "format"), "a format")));
  }

  private static Map<String, Object> members(Arguments arguments) {
    Map<String, Object> members = new LinkedHashMap<>();
    if (arguments.find(0, "").orElse(None.NONE) instanceof Map<?, ?> given) {
      given.forEach((key, value) -> members.put(PythonText.of(key), value));
    }
    members.putAll(arguments.named());
    return members;
  }

  /** The template's own refusal: of roles that do not alternate, for example. */
  private static Object refuse(Arguments arguments) {
    throw new TemplateProblem(
        "messages that this model's template takes",
        "its refusal: " + new Problems("").quote(PythonText.of(arguments.get(0, "message"))));
  }

  private static Object range(Arguments arguments, Budget budget) {
    List<Object> given = arguments.positional();
    if (given.isEmpty() || given.size() > 3) {
      throw new TemplateProblem("one to three arguments of range", given.size() + "");
    }
    long start = given.size() == 1 ? 0 : bound(given.get(0));
    long stop = bound(given.get(given.size() == 1 ? 0 : 1));
    long step = given.size() == 3 ? bound(given.get(2)) : 1;
    if (step == 0) {
      throw new TemplateProblem("a step that is not 0", "0");
    }
    long count = Math.max(0, Math.ceilDiv(stop - start, step));
    if (count > RANGE_MAX) {
      throw new TemplateProblem("a range of at most " + RANGE_MAX, count + "");
    }
    budget.spend(count);
    List<Object> range = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      range.add(start + i * step);
    }
    return range;
  }

  private static long bound(Object value) {
    return Values.index(value, "a bound", Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Python's names for the parts of a time, in English. */
  private static String time(LocalDateTime now, String format) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char part = format.charAt(++i);
      String pattern =
          switch (part) {
            case 'd' -> "dd";
            case 'm' -> "MM";
            case 'Y' -> "yyyy";
            case 'y' -> "yy";
            case 'b' -> "MMM";
            case 'B' -> "MMMM";
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'p' -> "a";
            case 'j' -> "DDD";
            case '%' -> "'%'";
            default ->
                throw new TemplateProblem(
                    "a part of a time (%d %m %Y %y %b %B %a %A %H %I %M %S %p %j)", "%" + part);
          };
      text.append(now.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)));
    }
    return text.toString();
  }
}
