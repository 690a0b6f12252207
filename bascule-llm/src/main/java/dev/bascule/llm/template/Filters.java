package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** What may stand behind {@code |}. */
final class Filters {
  private static final List<String> NAMES =
      List.of(
          "tojson",
          "length",
          "count",
          "trim",
          "join",
          "upper",
          "lower",
          "title",
          "capitalize",
          "replace",
          "default",
          "d",
          "first",
          "last",
          "list",
          "string",
          "int",
          "float",
          "abs",
          "round",
          "sort",
          "unique",
          "reverse",
          "map",
          "selectattr",
          "rejectattr",
          "select",
          "reject",
          "items",
          "dictsort",
          "indent",
          "safe",
          "sum",
          "min",
          "max");

  private final Budget budget;

  Filters(Budget budget) {
    this.budget = budget;
  }

  Object apply(String name, Object value, Arguments arguments) {
    return switch (name) {
      case "tojson" -> PythonJson.of(value, arguments, budget);
      case "length", "count" -> Values.length(value);
      case "string" -> spent(PythonText.of(value));
      case "safe" -> value;
      case "default", "d" -> otherwise(value, arguments);
      case "int", "float", "abs", "round" -> number(name, value, arguments);
      case "trim", "upper", "lower", "title", "capitalize", "replace", "indent" ->
          spent(text(name, spent(PythonText.of(value)), arguments));
      case "items" ->
          value instanceof Map<?, ?> map ? Members.items(map) : new ArrayList<Object>(none(value));
      default -> sequence(name, value, arguments);
    };
  }

  private static List<Object> none(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new TemplateProblem("a dict", Values.kind(value));
  }

  private String spent(String text) {
    budget.spend(text.length());
    return text;
  }

  private static Object otherwise(Object value, Arguments arguments) {
    boolean falseToo = arguments.find(1, "boolean").map(Values::isTrue).orElse(false);
    boolean missing = value instanceof Undefined || (falseToo && !Values.isTrue(value));
    return missing ? arguments.find(0, "default_value").orElse("") : value;
  }

  private String text(String name, String text, Arguments arguments) {
    return switch (name) {
      case "trim" -> {
        Object given = arguments.find(0, "chars").orElse(None.NONE);
        String characters = given == None.NONE ? "" : Values.text(given, "characters to trim");
        yield PythonText.strip(text, characters, true, true);
      }
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "title" -> TextMethods.title(text);
      case "capitalize" -> TextMethods.capitalize(text);
      case "replace" -> TextMethods.replace(text, arguments, budget);
      default -> indent(text, arguments);
    };
  }

  private String indent(String text, Arguments arguments) {
    Object width = arguments.find(0, "width").orElse(4L);
    String space =
        width instanceof String given
            ? given
            : " ".repeat((int) Values.index(width, "a width", 0, 1000));
    boolean first = arguments.find(1, "first").map(Values::isTrue).orElse(false);
    boolean blank = arguments.find(2, "blank").map(Values::isTrue).orElse(false);
    String[] lines = text.split("\n", -1);
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      boolean indented = i == 0 ? first : blank || !lines[i].isEmpty();
      budget.spend(space.length());
      result.append(i == 0 ? "" : "\n").append(indented ? space : "").append(lines[i]);
    }
    return result.toString();
  }

  private static Object number(String name, Object value, Arguments arguments) {
    return switch (name) {
      case "int" -> whole(value, arguments.find(0, "default").orElse(0L));
      case "float" -> real(value, arguments.find(0, "default").orElse(0.0));
      case "abs" ->
          Values.isWhole(value)
              ? (Object) Math.abs(Values.whole(value))
              : (Object) Math.abs(Values.real(value));
      default -> {
        int digits =
            (int) Values.index(arguments.find(0, "precision").orElse(0L), "a precision", -300, 300);
        java.math.BigDecimal exact = new java.math.BigDecimal(Values.real(value));
        yield exact.setScale(digits, java.math.RoundingMode.HALF_EVEN).doubleValue();
      }
    };
  }

  private static Object whole(Object value, Object otherwise) {
    try {
      return switch (value) {
        case String text -> Long.parseLong(text.strip());
        case Double number when Double.isFinite(number) -> number.longValue();
        default -> Values.isWhole(value) ? Values.whole(value) : otherwise;
      };
    } catch (NumberFormatException e) {
      Object number = real(value, otherwise);
      return number instanceof Double real ? real.longValue() : otherwise;
    }
  }

  private static Object real(Object value, Object otherwise) {
    try {
      return value instanceof String text
          ? Double.parseDouble(text.strip())
          : Values.isNumber(value) ? Values.real(value) : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private Object sequence(String name, Object value, Arguments arguments) {
    if (!NAMES.contains(name)) {
      throw new TemplateProblem("one of the filters " + String.join(", ", NAMES), "'" + name + "'");
    }
    List<Object> elements = Values.elements(value);
    budget.spend(elements.size());
    return switch (name) {
      case "first" -> elements.isEmpty() ? new Undefined("a first element") : elements.getFirst();
      case "last" -> elements.isEmpty() ? new Undefined("a last element") : elements.getLast();
      case "list" -> new ArrayList<>(elements);
      case "join" -> join(elements, arguments);
      case "sort" -> sorted(elements, arguments);
      case "unique" -> unique(elements);
      case "reverse" -> reversed(value, elements);
      case "map" -> mapped(elements, arguments);
      case "select" -> selected(elements, arguments, true);
      case "reject" -> selected(elements, arguments, false);
      case "selectattr" -> selectedByAttribute(elements, arguments, true);
      case "rejectattr" -> selectedByAttribute(elements, arguments, false);
      case "dictsort" -> dictSorted(value);
      case "sum" -> {
        Object sum = arguments.find(1, "start").orElse(0L);
        for (Object element : elements) {
          sum = Arithmetic.apply(Expression.Operator.ADD, sum, element, budget);
        }
        yield sum;
      }
      default -> extreme(elements, name.equals("min") ? -1 : 1);
    };
  }

  private Object extreme(List<Object> elements, int sign) {
    if (elements.isEmpty()) {
      return new Undefined("an element");
    }
    Object extreme = elements.getFirst();
    for (Object element : elements) {
      extreme = sign * Values.compare(element, extreme, budget) > 0 ? element : extreme;
    }
    return extreme;
  }

  private String join(List<Object> elements, Arguments arguments) {
    String between = PythonText.of(arguments.find(0, "d").orElse(""));
    Object attribute = arguments.find(1, "attribute").orElse(None.NONE);
    List<Object> texts = new ArrayList<>();
    for (Object element : elements) {
      Object part = attribute == None.NONE ? element : attribute(element, attribute);
      texts.add(PythonText.of(part));
    }
    return TextMethods.join(between, texts, budget);
  }

  /** A member by its name, of which several may stand with dots between. */
  private Object attribute(Object of, Object name) {
    if (!(name instanceof String path)) {
      return Arithmetic.subscript(of, name);
    }
    Object value = of;
    for (String part : path.split("\\.")) {
      // as Jinja does, members come before methods here
      Object member = value instanceof Map ? Arithmetic.subscript(value, part) : new Undefined("");
      value = member instanceof Undefined ? Members.attribute(value, part, budget) : member;
    }
    return value;
  }

  private List<Object> sorted(List<Object> elements, Arguments arguments) {
    boolean reversed = arguments.find(0, "reverse").map(Values::isTrue).orElse(false);
    boolean cased = arguments.find(1, "case_sensitive").map(Values::isTrue).orElse(false);
    Object attribute = arguments.find(2, "attribute").orElse(None.NONE);
    List<Object> sorted = new ArrayList<>(elements);
    Comparator<Object> order =
        (a, b) ->
            Values.compare(sortKey(a, attribute, cased), sortKey(b, attribute, cased), budget);
    sorted.sort(reversed ? order.reversed() : order);
    return sorted;
  }

  private Object sortKey(Object element, Object attribute, boolean cased) {
    Object key = attribute == None.NONE ? element : attribute(element, attribute);
    return !cased && key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
  }

  private List<Object> unique(List<Object> elements) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    elements.forEach(
        element -> seen.putIfAbsent(sortKey(Values.key(element), None.NONE, false), element));
    return new ArrayList<>(seen.values());
  }

  private static Object reversed(Object value, List<Object> elements) {
    List<Object> reversed = new ArrayList<>(elements);
    Collections.reverse(reversed);
    return value instanceof String
        ? String.join("", reversed.stream().map(PythonText::of).toList())
        : reversed;
  }

  private List<Object> mapped(List<Object> elements, Arguments arguments) {
    Object attribute = arguments.named().getOrDefault("attribute", None.NONE);
    List<Object> mapped = new ArrayList<>();
    for (Object element : elements) {
      if (attribute == None.NONE) {
        String filter = Values.text(arguments.get(0, "filter"), "a filter's name");
        mapped.add(apply(filter, element, arguments.rest()));
      } else {
        Object member = attribute(element, attribute);
        Object otherwise = arguments.named().getOrDefault("default", member);
        mapped.add(member instanceof Undefined ? otherwise : member);
      }
    }
    return mapped;
  }

  private List<Object> filtered(List<Object> elements, Predicate<Object> predicate) {
    return new ArrayList<>(elements.stream().filter(predicate).toList());
  }

  private boolean holds(Object value, Arguments test) {
    if (test.positional().isEmpty()) {
      return Values.isTrue(value);
    }
    String name = Values.text(test.get(0, "test"), "a test's name");
    return Tests.holds(name, value, test.rest(), budget);
  }

  private List<Object> selected(List<Object> elements, Arguments arguments, boolean wanted) {
    return filtered(elements, element -> holds(element, arguments) == wanted);
  }

  private List<Object> selectedByAttribute(
      List<Object> elements, Arguments arguments, boolean wanted) {
    Object name = arguments.get(0, "attribute");
    Arguments test = arguments.rest();
    return filtered(elements, element -> holds(attribute(element, name), test) == wanted);
  }

  private List<Object> dictSorted(Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateProblem("a dict", Values.kind(value));
    }
    List<Object> items = Members.items(map);
    items.sort((a, b) ->
        Values.compare(
            sortKey(((Tuple) a).elements().getFirst(), None.NONE, false),
            sortKey(((Tuple) b).elements().getFirst(), None.NONE, false),
            budget));
    return items;
  }
}
