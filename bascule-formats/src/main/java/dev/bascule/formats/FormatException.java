package dev.bascule.formats;

/**
 * A file that cannot be used: it is broken, was changed while in use, or asks for what Bascule does
 * not do. The message names the file, the place inside it, what was expected, what came instead,
 * and a remedy.
 */
public class FormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int QUOTED_CHARS_MAX = 120;

  public FormatException(Object file, String place, String expected, String got, String remedy) {
    super(message(file, place, expected, got, remedy));
  }

  public FormatException(
      Object file, String place, String expected, String got, String remedy, Throwable cause) {
    super(message(file, place, expected, got, remedy), cause);
  }

  private static String message(
      Object file, String place, String expected, String got, String remedy) {
    String where = place.isEmpty() ? "" : ", " + place;
    return file + where + ": expected " + expected + ", got " + got + "; " + remedy;
  }

  /**
   * A name out of an untrusted file as it may stand in a message: between quotes, on one line,
   * clipped, without control characters (a terminal would obey them).
   */
  public static String quote(String name) {
    StringBuilder quoted = new StringBuilder("'");
    int end = Math.min(name.length(), QUOTED_CHARS_MAX);
    for (int i = 0; i < end; i++) {
      char c = name.charAt(i);
      quoted.append(
          Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c);
    }
    return quoted.append(end < name.length() ? "...'" : "'").toString();
  }
}
