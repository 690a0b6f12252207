package dev.bascule.formats.importer;

import dev.bascule.formats.FormatException;

/**
 * A model that is right, but asks for what Bascule does not do; {@link #what} says what, in few
 * words, for counting.
 */
public final class UnsupportedException extends FormatException {
  private static final long serialVersionUID = 1L;
  private final String what;

  UnsupportedException(
      Object file, String place, String expected, String what, String got, String remedy) {
    super(file, place, expected, got, remedy);
    this.what = what;
  }

  /** The operator, and where it helps the part of it: {@code Conv}, {@code Pad (mode wrap)}. */
  public String what() {
    return what;
  }
}
