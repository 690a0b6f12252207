package dev.bascule.cli;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Writes JSON (RFC 8259): maps with text keys, lists, texts, numbers and truth values. Numbers that
 * JSON lacks become null.
 */
final class JsonText {
  private final StringBuilder text = new StringBuilder();

  private JsonText() {}

  static String of(Object value) {
    JsonText json = new JsonText();
    json.value(value);
    return json.text.toString();
  }

  private void value(Object value) {
    switch (value) {
      case Map<?, ?> map -> object(map);
      case List<?> list -> array(list.iterator());
      case float[] floats -> floats(floats);
      case String string -> string(string);
      case Float number -> number(Float.isFinite(number), number);
      case Double number -> number(Double.isFinite(number), number);
      case Number number -> text.append(number);
      case Boolean truth -> text.append(truth);
      default -> string(value.toString());
    }
  }

  private void number(boolean finite, Object number) {
    text.append(finite ? number : "null");
  }

  private void object(Map<?, ?> map) {
    String separator = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      text.append(separator);
      string(String.valueOf(entry.getKey()));
      text.append(": ");
      value(entry.getValue());
      separator = ", ";
    }
    text.append(map.isEmpty() ? "{}" : "}");
  }

  private void array(Iterator<?> elements) {
    text.append('[');
    while (elements.hasNext()) {
      value(elements.next());
      text.append(elements.hasNext() ? ", " : "");
    }
    text.append(']');
  }

  private void floats(float[] floats) {
    text.append('[');
    for (int i = 0; i < floats.length; i++) {
      text.append(i == 0 ? "" : ", ");
      number(Float.isFinite(floats[i]), floats[i]);
    }
    text.append(']');
  }

  private void string(String string) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"', '\\' -> text.append('\\').append(c);
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          // a lone surrogate has no UTF-8: written as its number, it survives
          if (c < ' ' || Character.isSurrogate(c)) {
            text.append(Text.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }
}
