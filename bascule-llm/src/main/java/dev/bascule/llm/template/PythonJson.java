package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * JSON as Python's {@code json.dumps} writes it, with the settings that Hugging Face's {@code
 * tojson} takes.
 *
 * @param indent what a level is indented by; negative for everything in one line
 */
record PythonJson(
    boolean ascii, int indent, String itemSeparator, String keySeparator, boolean sorts) {
  private static final int INDENT_MAX = 64;

  static String of(Object value, Arguments arguments, Budget budget) {
    boolean ascii = arguments.find(0, "ensure_ascii").map(Values::isTrue).orElse(false);
    int indent =
        arguments
            .find(1, "indent")
            .filter(given -> given != None.NONE)
            .map(given -> (int) Values.index(given, "an indent", 0, INDENT_MAX))
            .orElse(-1);
    String itemSeparator = indent < 0 ? ", " : ",";
    String keySeparator = ": ";
    Object separators = arguments.find(2, "separators").orElse(None.NONE);
    if (separators != None.NONE) {
      List<Object> both = Values.elements(separators);
      if (both.size() != 2) {
        throw new TemplateProblem("two separators", both.size() + "");
      }
      itemSeparator = Values.text(both.get(0), "a separator");
      keySeparator = Values.text(both.get(1), "a separator");
    }
    boolean sorts = arguments.find(3, "sort_keys").map(Values::isTrue).orElse(false);
    StringBuilder text = new StringBuilder();
    new PythonJson(ascii, indent, itemSeparator, keySeparator, sorts).write(value, text, 0, budget);
    return text.toString();
  }

  private void write(Object value, StringBuilder text, int depth, Budget budget) {
    if (depth > Budget.DEPTH_MAX) {
      throw new TemplateProblem("values at most " + Budget.DEPTH_MAX + " deep", "a deeper one");
    }
    int before = text.length();
    switch (value) {
      case String string -> quote(string, text);
      case Boolean truth -> text.append(truth);
      case None ignored -> text.append("null");
      case Long number -> text.append(number);
      case Double number -> text.append(real(number));
      case Map<?, ?> map -> object(map, text, depth, budget);
      case List<?> list -> array(list, text, depth, budget);
      case Tuple(List<Object> elements) -> array(elements, text, depth, budget);
      default -> throw new TemplateProblem("a value that JSON has", Values.kind(value));
    }
    budget.spend(text.length() - before);
  }

  private static String real(double number) {
    return Double.isNaN(number)
        ? "NaN"
        : Double.isInfinite(number)
            ? number > 0 ? "Infinity" : "-Infinity"
            : PythonText.real(number);
  }

  private void object(Map<?, ?> map, StringBuilder text, int depth, Budget budget) {
    if (map.isEmpty()) {
      text.append("{}");
      return;
    }
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    if (sorts) {
      entries.sort((a, b) -> Values.compare(a.getKey(), b.getKey(), budget));
    }
    String separator = "{";
    for (Map.Entry<?, ?> entry : entries) {
      text.append(separator);
      line(text, depth + 1);
      quote(key(entry.getKey()), text);
      text.append(keySeparator);
      write(entry.getValue(), text, depth + 1, budget);
      separator = itemSeparator;
    }
    line(text, depth);
    text.append('}');
  }

  private static String key(Object key) {
    return switch (key) {
      case String text -> text;
      case Boolean truth -> truth.toString();
      case None ignored -> "null";
      case Double number -> real(number);
      default -> PythonText.of(key);
    };
  }

  private void array(List<?> list, StringBuilder text, int depth, Budget budget) {
    if (list.isEmpty()) {
      text.append("[]");
      return;
    }
    String separator = "[";
    for (Object element : list) {
      text.append(separator);
      line(text, depth + 1);
      write(element, text, depth + 1, budget);
      separator = itemSeparator;
    }
    line(text, depth);
    text.append(']');
  }

  private void line(StringBuilder text, int depth) {
    if (indent >= 0) {
      text.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private void quote(String string, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"', '\\' -> text.append('\\').append(c);
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            String digits = Integer.toHexString(c);
            text.append("\\u").append("0".repeat(4 - digits.length())).append(digits);
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }
}
