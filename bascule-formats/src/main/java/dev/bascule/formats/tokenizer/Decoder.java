package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The text that tokens stand for: token by token, in bytes, since one token may end within a
 * character.
 *
 * @param steps what is done to a token's text, in order
 * @param form how what comes out is written
 * @param file what messages call the place that it came from
 */
record Decoder(List<Step> steps, Form form, Object file) {
  private static final int CHARS_MAX = 1 << 20;

  /** How a token's text stands for bytes. */
  enum Form {
    TEXT,
    /** In GPT-2's alphabet. */
    BYTE_LEVEL,
    /** As text, but {@code <0x0A>} is a byte. */
    BYTE_FALLBACK
  }

  /** A change to a token's text. */
  sealed interface Step {
    String apply(String token, boolean first);
  }

  record Replace(String from, String to) implements Step {
    @Override
    public String apply(String token, boolean first) {
      return token.replace(from, to);
    }
  }

  /** Takes up to {@code count} of a text away at the start of the first token. */
  record StripFirst(String text, int count) implements Step {
    @Override
    public String apply(String token, boolean first) {
      String rest = token;
      for (int i = 0; first && i < count && !text.isEmpty() && rest.startsWith(text); i++) {
        rest = rest.substring(text.length());
      }
      return rest;
    }
  }

  /** SentencePiece's marks are spaces; in the first token they are nothing where one was put. */
  record Marks(String mark, boolean prefixed) implements Step {
    @Override
    public String apply(String token, boolean first) {
      return token.replace(mark, first && prefixed ? "" : " ");
    }
  }

  /** A space between any two. */
  record Spaced() implements Step {
    @Override
    public String apply(String token, boolean first) {
      return first ? token : " " + token;
    }
  }

  /** BERT's: words are parted by spaces, pieces are not. */
  record WordPieces(String prefix, boolean cleans) implements Step {
    @Override
    public String apply(String token, boolean first) {
      String text = token;
      if (!first) {
        text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
      }
      return cleans ? clean(text) : text;
    }

    /** The spaces that English does not have. */
    private static String clean(String text) {
      return text.replace(" .", ".")
          .replace(" ?", "?")
          .replace(" !", "!")
          .replace(" ,", ",")
          .replace(" ' ", "'")
          .replace(" n't", "n't")
          .replace(" 'm", "'m")
          .replace(" do not", " don't")
          .replace(" 's", "'s")
          .replace(" 've", "'ve")
          .replace(" 're", "'re");
    }
  }

  Decoder {
    steps = List.copyOf(steps);
  }

  /** The bytes of a token of the model. */
  byte[] bytes(String token, boolean first) {
    if (form == Form.BYTE_FALLBACK && isByte(token)) {
      return new byte[] {(byte) Integer.parseInt(token, 3, 5, 16)};
    }
    String text = token;
    for (Step step : steps) {
      text = step.apply(text, first);
      if (text.length() > CHARS_MAX) {
        throw new FormatException(
            file,
            "",
            "tokens of at most " + CHARS_MAX + " characters",
            "more",
            "correct the decoder, which makes them longer");
      }
    }
    return form == Form.BYTE_LEVEL
        ? ByteAlphabet.read(text)
        : text.getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isByte(String token) {
    return token.length() == 6
        && token.startsWith("<0x")
        && token.endsWith(">")
        && Character.digit(token.charAt(3), 16) >= 0
        && Character.digit(token.charAt(4), 16) >= 0;
  }
}
