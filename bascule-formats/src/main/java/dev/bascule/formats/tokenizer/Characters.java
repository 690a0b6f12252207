package dev.bascule.formats.tokenizer;

import java.util.Arrays;

/**
 * The classes of characters that BERT's tokenizers tell apart, as Hugging Face's tokenizers have
 * them: their tables of categories are those of Unicode 8, and take what came later for letters.
 * The ranges and exceptions here were found by comparing every code point (see {@code
 * WordPieceOracleTest}); JDK 25 knows Unicode 16.
 */
final class Characters {
  /**
   * First and last of the ranges in which marks, punctuation and formats are younger than Unicode
   * 8.
   */
  private static final int[] YOUNGER = {
    0x61D, 0x61D, 0x7FD, 0x7FD, 0x890, 0x8E2, 0x9FD, 0x9FE, 0xA76, 0xA76, 0xAFA, 0xAFF, 0xB55,
    0xB55, 0xC04, 0xC3C, 0xC77, 0xC77, 0xC84, 0xC84, 0xD00, 0xD00, 0xD3B, 0xD3C, 0xD81, 0xD81,
    0xEBA, 0xEBA, 0xECE, 0xECE, 0x180F, 0x1886, 0x1ABF, 0x1ACE, 0x1B4E, 0x1B4F, 0x1B7D, 0x1B7F,
    0x1DF6, 0x1DFB, 0x2E43, 0x2E5D, 0xA82C, 0xA82C, 0xA8C5, 0xA8C5, 0xA8FF, 0xA8FF, 0xA9BD, 0xA9BD,
    0x10D24, 0x10F89, 0x11070, 0x11074, 0x110C2, 0x110CD, 0x111CF, 0x111CF, 0x1123E, 0x11241,
    0x1133B, 0x1133B, 0x113BB, 0x1145E, 0x11660, 0x1166C, 0x116B9, 0x116B9, 0x1182F, 0x11FFF,
    0x12FF1, 0x1612F, 0x16D6D, 0x16F4F, 0x16FE2, 0x16FE4, 0x1CF00, 0x1CF46, 0x1E000, 0x1E5FF,
    0x1E944, 0x1E95F
  };

  private Characters() {}

  /** The category in Unicode 8, as far as the questions below need it. */
  private static int category(int c) {
    return switch (c) {
      // Four characters have changed their category since.
      case 0x166D, 0x111C9 -> Character.OTHER_PUNCTUATION;
      case 0x1734, 0x1171E -> Character.NON_SPACING_MARK;
      default -> isYounger(c) ? Character.OTHER_LETTER : Character.getType(c);
    };
  }

  private static boolean isYounger(int c) {
    int at = Arrays.binarySearch(YOUNGER, c);
    // Not found: the place to insert is odd inside a range.
    return at >= 0 || (-at - 1) % 2 == 1;
  }

  /** Marks that stand on another character: what stripping accents removes. */
  static boolean isAccent(int c) {
    return category(c) == Character.NON_SPACING_MARK;
  }

  /** Unicode's White_Space. */
  static boolean isWhitespace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || c == 0x20
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  /**
   * Controls, formats, private use: what cleaning removes; tabs and line ends are white space
   * instead.
   */
  static boolean isControl(int c) {
    if (c == '\t' || c == '\n' || c == '\r') {
      return false;
    }
    return switch (category(c)) {
      case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
      default -> false;
    };
  }

  /** Punctuation, to which BERT adds all that ASCII has beside letters and digits. */
  static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
    }
    return switch (category(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  /** Numbers of any kind. */
  static boolean isNumeric(int c) {
    return switch (Character.getType(c)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      default -> false;
    };
  }

  /** The CJK ideographs, which are words of their own: Hugging Face's ranges. */
  static boolean isIdeograph(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2B73F)
        || (c >= 0x2B740 && c <= 0x2B81F)
        || (c >= 0x2B920 && c <= 0x2CEAF)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  /**
   * What a regular expression's {@code \w} matches: letters, marks, decimal digits, connectors,
   * joiners.
   */
  static boolean isWord(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.CONNECTOR_PUNCTUATION ->
          true;
      default -> Character.isAlphabetic(c) || c == 0x200C || c == 0x200D;
    };
  }
}
