package dev.bascule.llm.template;

import dev.bascule.formats.FormatException;

/**
 * The errors of one template.
 *
 * @param name what messages call it
 */
record Problems(Object name) {
  private static final String REMEDY = "correct the template, or use another one";

  FormatException at(int line, String expected, String got) {
    return new FormatException(name, "line " + line, expected, got, REMEDY);
  }

  String quote(String text) {
    return FormatException.quote(text);
  }
}
