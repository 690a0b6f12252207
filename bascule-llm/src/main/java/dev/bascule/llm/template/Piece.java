package dev.bascule.llm.template;

import java.util.List;

/** A part of a template's source. */
sealed interface Piece {
  /** Text that is written as it is. */
  record Text(String text) implements Piece {}

  /**
   * What stands between {@code {{ }}} or {@code {% %}}.
   *
   * @param tokens the last is the end
   */
  record Tag(boolean isOutput, List<Token> tokens, int line) implements Piece {
    public Tag {
      tokens = List.copyOf(tokens);
    }
  }
}
