package dev.bascule.core;

/**
 * A graph, kernel or request whose types or shapes do not fit together: the user's mistake, named.
 */
public class ShapeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ShapeException(String message) {
    super(message);
  }

  public ShapeException(String message, Throwable cause) {
    super(message, cause);
  }
}
