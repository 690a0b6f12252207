package dev.bascule.llm.template;

/**
 * A word of an expression.
 *
 * @param text of a string what it stands for, of others as it is written
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }
}
