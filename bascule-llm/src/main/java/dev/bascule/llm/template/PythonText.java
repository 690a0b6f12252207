package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Values as Python writes them. */
final class PythonText {
  private static final int CHARS_MAX = 1 << 20;

  private PythonText() {}

  /** What {@code str(value)} gives. */
  static String of(Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined ignored -> "";
      default -> represent(value);
    };
  }

  /** What {@code repr(value)} gives. */
  static String represent(Object value) {
    StringBuilder text = new StringBuilder();
    represent(value, text, 0);
    return text.toString();
  }

  private static void represent(Object value, StringBuilder text, int depth) {
    if (depth > Budget.DEPTH_MAX) {
      throw new TemplateProblem("values at most " + Budget.DEPTH_MAX + " deep", "a deeper one");
    }
    if (text.length() > CHARS_MAX) {
      throw new TemplateProblem("a value of at most " + CHARS_MAX + " characters", "a longer one");
    }
    switch (value) {
      case String string -> quote(string, text);
      case Boolean truth -> text.append(truth ? "True" : "False");
      case Long number -> text.append(number);
      case Double number -> text.append(real(number));
      case None ignored -> text.append("None");
      case Undefined ignored -> text.append("Undefined");
      case Tuple(List<Object> elements) -> {
        represent(elements, '(', elements.size() == 1 ? ",)" : ")", text, depth);
      }
      case Collection<?> elements -> represent(elements, '[', "]", text, depth);
      case Map<?, ?> map -> {
        String separator = "{";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          text.append(separator);
          represent(entry.getKey(), text, depth + 1);
          text.append(": ");
          represent(entry.getValue(), text, depth + 1);
          separator = ", ";
        }
        text.append(map.isEmpty() ? "{}" : "}");
      }
      default -> text.append("<").append(Values.kind(value)).append(">");
    }
  }

  private static void represent(
      Collection<?> elements, char open, String close, StringBuilder text, int depth) {
    text.append(open);
    String separator = "";
    for (Object element : elements) {
      text.append(separator);
      represent(element, text, depth + 1);
      separator = ", ";
    }
    text.append(close);
  }

  /** The shortest digits that read back the same, as both languages have it. */
  static String real(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    java.math.BigDecimal exact = new java.math.BigDecimal(Double.toString(Math.abs(number)));
    java.math.BigDecimal shortest = exact.stripTrailingZeros();
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - shortest.scale() - 1;
    String sign = number < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 16) {
      String rest = digits.length() > 1 ? "." + digits.substring(1) : "";
      String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "");
      return sign + digits.charAt(0) + rest + "e" + power + Math.abs(exponent);
    }
    String plain = shortest.toPlainString();
    return sign + plain + (plain.contains(".") ? "" : ".0");
  }

  private static void quote(String string, StringBuilder text) {
    char quote = string.contains("'") && !string.contains("\"") ? '"' : '\'';
    text.append(quote);
    string
        .codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> text.append("\\n");
            case '\t' -> text.append("\\t");
            case '\r' -> text.append("\\r");
            case '\\' -> text.append("\\\\");
            default -> {
              if (c == quote) {
                text.append('\\').append(quote);
              } else if (isPrintable(c)) {
                text.appendCodePoint(c);
              } else {
                text.append(escape(c));
              }
            }
          }
        });
    text.append(quote);
  }

  private static String escape(int c) {
    String digits = Integer.toHexString(c);
    return c < 0x100
        ? "\\x" + "0".repeat(2 - digits.length()) + digits
        : c < 0x10000
            ? "\\u" + "0".repeat(4 - digits.length()) + digits
            : "\\U" + "0".repeat(8 - digits.length()) + digits;
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /** Python's white space. */
  static boolean isSpace(int c) {
    return (c >= 9 && c <= 13)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || c == 0xA0
        || (c > 0xA0 && Character.isSpaceChar(c));
  }

  /** Takes characters away at the ends: those of {@code characters}, or white space if empty. */
  static String strip(String text, String characters, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end && strips(text.codePointAt(start), characters)) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && start < end && strips(text.codePointBefore(end), characters)) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  private static boolean strips(int c, String characters) {
    return characters.isEmpty() ? isSpace(c) : characters.indexOf(c) >= 0;
  }

  /** The words between white space; the last holds the rest after {@code splitsMax} splits. */
  static List<Object> words(String text, long splitsMax) {
    List<Object> words = new ArrayList<>();
    String rest = strip(text, "", true, false);
    while (!rest.isEmpty()) {
      int end = 0;
      while (end < rest.length() && !isSpace(rest.codePointAt(end))) {
        end += Character.charCount(rest.codePointAt(end));
      }
      if (splitsMax >= 0 && words.size() >= splitsMax) {
        words.add(rest);
        return words;
      }
      words.add(rest.substring(0, end));
      rest = strip(rest.substring(end), "", true, false);
    }
    return words;
  }
}
