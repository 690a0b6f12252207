package dev.bascule.plan;

/**
 * The request or a data file is wrong: the message names the file and line, what was expected, what
 * came, and the remedy.
 */
public class PlanException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int QUOTED_CHARS_MAX = 120;

  public PlanException(String message) {
    super(message);
  }

  public PlanException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Text from outside as it may stand in a message: on one line, clipped, without controls. */
  public static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    int end = Math.min(text.length(), QUOTED_CHARS_MAX);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      quoted.append(
          Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c);
    }
    return quoted.append(end < text.length() ? "...'" : "'").toString();
  }
}
