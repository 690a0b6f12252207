package dev.bascule.cli;

import dev.bascule.formats.FormatException;
import java.util.Locale;

/** Words and numbers as commands print them, the same in every locale. */
final class Text {
  private Text() {}

  /** A name from outside, on one line and without what a terminal would obey. */
  static String quote(String name) {
    return FormatException.quote(name);
  }

  /** As {@link #quote}, without the quotes. */
  static String plain(String name) {
    String quoted = quote(name);
    return quoted.substring(1, quoted.length() - 1);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** {@code 1 model}, {@code 2 models}. */
  static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  /** Bytes for people who compare them: {@code 1,249.3 MB}. */
  static String megabytes(long bytes) {
    return format("%,.1f MB", bytes / 1e6);
  }

  /** Bytes for people: {@code 90.4 MB}. */
  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 1000 && unit < 3) {
      value /= 1000;
      unit++;
    }
    return format("%.1f %cB", value, "kMGT".charAt(unit));
  }
}
