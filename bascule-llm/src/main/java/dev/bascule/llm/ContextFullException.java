package dev.bascule.llm;

import dev.bascule.core.DataException;

/** More tokens than a sequence has room for. */
public final class ContextFullException extends DataException {
  private static final long serialVersionUID = 1L;

  ContextFullException(String message) {
    super(message);
  }
}
