package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import java.util.List;

/** What is done to a text before it is split. */
sealed interface Normalizer
    permits BertNormalizer,
        Normalizer.Chain,
        Normalizer.Lowercase,
        Normalizer.Prepend,
        Normalizer.ReplaceText,
        Normalizer.ReplacePattern,
        Normalizer.Strip,
        Normalizer.StripAccents,
        UnicodeForm {
  /** Leaves everything as it is. */
  static Normalizer none() {
    return new Chain(List.of(), "");
  }

  String normalize(String text);

  /** One after another. */
  record Chain(List<Normalizer> steps, Object file) implements Normalizer {
    /** No normal form makes a text longer than this many times. */
    private static final int GROWTH_MAX = 64;

    private static final int CHARS_FLOOR = 1 << 16;

    public Chain {
      steps = List.copyOf(steps);
    }

    @Override
    public String normalize(String text) {
      String result = text;
      for (Normalizer step : steps) {
        result = step.normalize(result);
        if (result.length() > CHARS_FLOOR + (long) GROWTH_MAX * text.length()) {
          throw new FormatException(
              file,
              "",
              "texts to grow at most " + GROWTH_MAX + " times",
              "more",
              "correct the normalizer, which makes them longer");
        }
      }
      return result;
    }
  }

  /** Lower case, character by character. */
  record Lowercase() implements Normalizer {
    @Override
    public String normalize(String text) {
      return BertNormalizer.lowercase(text);
    }
  }

  /** Takes marks away that stand on another character. */
  record StripAccents() implements Normalizer {
    @Override
    public String normalize(String text) {
      return BertNormalizer.withoutAccents(text);
    }
  }

  /** Takes white space away at the ends. */
  record Strip(boolean left, boolean right) implements Normalizer {
    @Override
    public String normalize(String text) {
      int start = 0;
      int end = text.length();
      while (left && start < end && Characters.isWhitespace(text.charAt(start))) {
        start++;
      }
      while (right && start < end && Characters.isWhitespace(text.charAt(end - 1))) {
        end--;
      }
      return text.substring(start, end);
    }
  }

  /** Puts a text before every text that is not empty. */
  record Prepend(String prefix) implements Normalizer {
    @Override
    public String normalize(String text) {
      return text.isEmpty() ? text : prefix + text;
    }
  }

  record ReplaceText(String from, String to) implements Normalizer {
    @Override
    public String normalize(String text) {
      return text.replace(from, to);
    }
  }

  record ReplacePattern(SplitPattern from, String to) implements Normalizer {
    @Override
    public String normalize(String text) {
      return from.replace(text, to);
    }
  }
}
