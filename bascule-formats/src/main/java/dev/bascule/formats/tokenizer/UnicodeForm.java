package dev.bascule.formats.tokenizer;

import java.text.Normalizer.Form;
import java.util.Arrays;

/**
 * One of Unicode's normal forms, as Hugging Face's tokenizers have them: their tables are those of
 * Unicode 9, JDK 25's those of Unicode 16. Marks and letters that came between are left alone, and
 * nothing moves or composes across them. Found by comparing every code point, alone and beside
 * marks of several classes (see {@code QwenOracleTest} and {@code UnicodeFormOracleTest}).
 */
record UnicodeForm(Form form) implements Normalizer {
  /** First and last of the ranges of characters that are younger and would be changed. */
  private static final int[] YOUNGER = {
    0x7FD, 0x7FD, 0x897, 0x89F, 0x8CA, 0x8D3, 0x9FE, 0x9FE, 0xC3C, 0xC3C, 0xD3B, 0xD3C, 0xEBA,
    0xEBA, 0x1715, 0x1715, 0x1ABF, 0x1ACE, 0x1DF6, 0x1DFA, 0x32FF, 0x32FF, 0xA7F2, 0xA7F4, 0xA82C,
    0xA82C, 0xAB69, 0xAB69, 0x105C0, 0x105FF, 0x10781, 0x10785, 0x10787, 0x107B0, 0x107B2, 0x107BA,
    0x10D24, 0x10D27, 0x10D69, 0x10D6D, 0x10EAB, 0x10EAC, 0x10EFD, 0x10EFF, 0x10F46, 0x10F50,
    0x10F82, 0x10F85, 0x11070, 0x11070, 0x1133B, 0x1133B, 0x11380, 0x113FF, 0x1145E, 0x1145E,
    0x11839, 0x1183A, 0x11900, 0x1195F, 0x119E0, 0x119E0, 0x11A34, 0x11A34, 0x11A47, 0x11A47,
    0x11A99, 0x11A99, 0x11D42, 0x11D42, 0x11D44, 0x11D45, 0x11D97, 0x11D97, 0x11F41, 0x11F42,
    0x16100, 0x1613F, 0x16D40, 0x16D7F, 0x16FF0, 0x16FF1, 0x1CCD6, 0x1CCF9, 0x1E030, 0x1E06D,
    0x1E08F, 0x1E08F, 0x1E130, 0x1E136, 0x1E2AE, 0x1E2AE, 0x1E2EC, 0x1E2EF, 0x1E4EC, 0x1E4EF,
    0x1E5EE, 0x1E5EF, 0x1F16C, 0x1F16C, 0x1FBF0, 0x1FBF9
  };

  @Override
  public String normalize(String text) {
    if (java.text.Normalizer.isNormalized(text, form)) {
      return text;
    }
    StringBuilder result = new StringBuilder(text.length());
    int from = 0;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      int next = at + Character.charCount(c);
      if (c >= YOUNGER[0] && isYounger(c)) {
        result.append(java.text.Normalizer.normalize(text.substring(from, at), form));
        result.appendCodePoint(c);
        from = next;
      }
      at = next;
    }
    return result.append(java.text.Normalizer.normalize(text.substring(from), form)).toString();
  }

  private static boolean isYounger(int c) {
    int at = Arrays.binarySearch(YOUNGER, c);
    // not found: the place to insert is odd inside a range
    return at >= 0 || (-at - 1) % 2 == 1;
  }
}
