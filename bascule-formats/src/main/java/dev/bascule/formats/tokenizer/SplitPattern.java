package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression out of a tokenizer's file, as Oniguruma (Hugging Face's engine) reads it,
 * run by Java's. It is untrusted: one that does not come to an end is stopped.
 */
final class SplitPattern {
  private static final String REMEDY = "this version does not run such a pattern; correct the file";

  /** How often each character may be looked at before the pattern counts as endless. */
  private static final int LOOKS_PER_CHARACTER = 1000;

  private static final long LOOKS_FLOOR = 1_000_000;

  /** Names of classes that Java writes in another way. */
  private static final Map<String, String> POSIX =
      Map.of(
          "alpha", "\\p{IsAlphabetic}",
          "digit", "\\p{Nd}",
          "alnum", "[\\p{IsAlphabetic}\\p{Nd}]",
          "space", "\\s",
          "upper", "\\p{IsUppercase}",
          "lower", "\\p{IsLowercase}",
          "punct", "[\\p{P}$+<=>^`|~]",
          "word", "\\w");

  private final Pattern pattern;
  private final String source;
  private final Object file;

  private SplitPattern(Pattern pattern, String source, Object file) {
    this.pattern = pattern;
    this.source = source;
    this.file = file;
  }

  /**
   * Compiles a pattern.
   *
   * @param file what messages call the place that it came from
   */
  static SplitPattern of(String source, Object file) {
    int flags = Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES;
    try {
      return new SplitPattern(Pattern.compile(translate(source), flags), source, file);
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new FormatException(
          file,
          "",
          "a regular expression",
          FormatException.quote(source),
          "correct the pattern: " + e.getClass().getSimpleName(),
          e);
    }
  }

  static SplitPattern literal(String text, Object file) {
    return new SplitPattern(Pattern.compile(text, Pattern.LITERAL), text, file);
  }

  /** Java's spelling: other names of some classes, and the classes of an older Unicode. */
  static String translate(String source) {
    StringBuilder result = new StringBuilder(source.length() + 64);
    int at = 0;
    while (at < source.length()) {
      char c = source.charAt(at);
      int close = source.indexOf('}', at);
      if (c == '\\' && source.startsWith("{", at + 2) && isProperty(source, at + 1) && close > 0) {
        String name = source.substring(at + 3, close);
        boolean negated = source.charAt(at + 1) == 'P' ^ name.startsWith("^");
        result.append(property(name.startsWith("^") ? name.substring(1) : name, negated));
        at = close + 1;
      } else if (c == '\\' && at + 1 < source.length()) {
        result.append(escape(source.charAt(at + 1)));
        at += 2;
      } else if (source.startsWith("[:", at) && source.indexOf(":]", at) > 0) {
        int end = source.indexOf(":]", at);
        String name = source.substring(at + 2, end);
        result.append(POSIX.getOrDefault(name, "\\p{" + name + "}"));
        at = end + 2;
      } else {
        result.append(c);
        at++;
      }
    }
    return result.toString();
  }

  private static boolean isProperty(String source, int at) {
    return source.charAt(at) == 'p' || source.charAt(at) == 'P';
  }

  private static String property(String name, boolean negated) {
    return (negated ? "\\P{" : "\\p{") + (name.length() > 2 ? "Is" : "") + name + "}";
  }

  private static String escape(char c) {
    return c == 'h' ? "[0-9a-fA-F]" : c == 'H' ? "[^0-9a-fA-F]" : "\\" + c;
  }

  /** Puts {@code to} in the place of every match. */
  String replace(String text, String to) {
    StringBuilder result = new StringBuilder();
    spans(text, (start, end, matches) -> result.append(matches ? to : text.substring(start, end)));
    return result.toString();
  }

  /** A matcher over {@code text} that stops where it would go on without end. */
  private Matcher matcher(String text) {
    return pattern.matcher(
        new Watched(text, LOOKS_FLOOR + (long) LOOKS_PER_CHARACTER * text.length()));
  }

  /** Where to find a match is told span by span. */
  interface Spans {
    void span(int start, int end, boolean matches);
  }

  /** Hands over, from left to right, all of the text: what matches, and what lies between. */
  void spans(String text, Spans spans) {
    Matcher matcher = matcher(text);
    int done = 0;
    while (finds(matcher)) {
      if (matcher.end() > matcher.start()) {
        if (done < matcher.start()) {
          spans.span(done, matcher.start(), false);
        }
        spans.span(matcher.start(), matcher.end(), true);
        done = matcher.end();
      }
    }
    if (done < text.length()) {
      spans.span(done, text.length(), false);
    }
  }

  private boolean finds(Matcher matcher) {
    try {
      return matcher.find();
    } catch (StackOverflowError e) {
      throw new FormatException(
          file, "", "a pattern that needs little memory", FormatException.quote(source), REMEDY, e);
    }
  }

  /** A text that counts how often it is looked at. */
  private final class Watched implements CharSequence {
    private final String text;
    private long looksLeft;

    Watched(String text, long looksMax) {
      this.text = text;
      this.looksLeft = looksMax;
    }

    @Override
    public char charAt(int index) {
      if (--looksLeft < 0) {
        throw new FormatException(
            file, "", "a pattern that comes to an end", FormatException.quote(source), REMEDY);
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
