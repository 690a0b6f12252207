package dev.bascule.core;

/**
 * Values that an op cannot accept, found while a plan ran (an index outside its axis); names the
 * op.
 */
public class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DataException(String message) {
    super(message);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
