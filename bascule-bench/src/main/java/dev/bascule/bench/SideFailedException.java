package dev.bascule.bench;

import org.jspecify.annotations.Nullable;

/** A process that runs one side of a measurement crashed, hung or refused. */
final class SideFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  SideFailedException(String message, @Nullable Exception cause) {
    super(message, cause);
  }
}
