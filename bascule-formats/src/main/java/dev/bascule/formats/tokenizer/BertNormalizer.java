package dev.bascule.formats.tokenizer;

/** BERT's clean-up of a text before it is split: four steps, each of which may be off. */
record BertNormalizer(
    boolean cleansText, boolean isolatesIdeographs, boolean stripsAccents, boolean lowercases)
    implements Normalizer {
  private static final int REPLACEMENT = 0xFFFD;
  private static final int CAPITAL_I_WITH_DOT = 0x130;

  @Override
  public String normalize(String text) {
    String result = text;
    if (cleansText) {
      result = clean(result);
    }
    if (isolatesIdeographs) {
      result = isolateIdeographs(result);
    }
    if (stripsAccents) {
      result = stripAccents(result);
    }
    return lowercases ? lowercase(result) : result;
  }

  private static String clean(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .filter(c -> c != 0 && c != REPLACEMENT && !Characters.isControl(c))
        .forEach(c -> clean.appendCodePoint(Characters.isWhitespace(c) ? ' ' : c));
    return clean.toString();
  }

  private static String isolateIdeographs(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (Characters.isIdeograph(c)) {
            result.append(' ').appendCodePoint(c).append(' ');
          } else {
            result.appendCodePoint(c);
          }
        });
    return result.toString();
  }

  private static String stripAccents(String text) {
    return withoutAccents(java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFD));
  }

  static String withoutAccents(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints().filter(c -> !Characters.isAccent(c)).forEach(result::appendCodePoint);
    return result.toString();
  }

  /** Character by character: what stands around a letter (the final sigma) does not count. */
  static String lowercase(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (c == CAPITAL_I_WITH_DOT) {
            result.append("i\u0307");
          } else {
            result.appendCodePoint(Character.toLowerCase(c));
          }
        });
    return result.toString();
  }
}
