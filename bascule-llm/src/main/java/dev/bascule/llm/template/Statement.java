package dev.bascule.llm.template;

import java.util.List;
import java.util.Optional;

/** What a template does. */
sealed interface Statement {
  record Text(String text) implements Statement {}

  record Output(Expression value, int line) implements Statement {}

  record Branch(Expression condition, List<Statement> body, int line) {}

  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

  /**
   * A loop.
   *
   * @param names what each element is called; several where it is taken apart
   * @param where which elements count
   * @param otherwise what is done where there is no element
   */
  record For(
      List<String> names,
      Expression elements,
      Optional<Expression> where,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  /** Gives names values; several take the value apart. */
  record Set(List<String> names, Expression value, int line) implements Statement {}

  /** Gives an attribute of a namespace a value. */
  record SetAttribute(String namespace, String attribute, Expression value, int line)
      implements Statement {}

  /** Gives a name what the body writes. */
  record SetText(String name, List<Statement> body, int line) implements Statement {}

  record Parameter(String name, Optional<Expression> otherwise) {}

  record Macro(String name, List<Parameter> parameters, List<Statement> body, int line)
      implements Statement {}

  /** A body that is done as it stands: what training marks as generated. */
  record Block(List<Statement> body) implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}
}
