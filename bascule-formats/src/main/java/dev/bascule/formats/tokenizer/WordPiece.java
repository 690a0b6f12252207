package dev.bascule.formats.tokenizer;

/**
 * Splits a word into the longest pieces of the vocabulary from left to right; pieces after the
 * first carry a prefix. A word that cannot be split is unknown as a whole. Source: Wu et al. 2016,
 * https://arxiv.org/abs/1609.08144, as used by BERT.
 */
final class WordPiece implements TokenModel {
  private final Vocabulary vocabulary;
  private final int unknown;
  private final String prefix;
  private final int wordCharactersMax;
  private final int pieceCharsMax;

  WordPiece(Vocabulary vocabulary, int unknown, String prefix, int wordCharactersMax) {
    this.vocabulary = vocabulary;
    this.unknown = unknown;
    this.prefix = prefix;
    this.wordCharactersMax = wordCharactersMax;
    this.pieceCharsMax = vocabulary.charsMax();
  }

  @Override
  public void encode(String word, IdList ids) {
    if (word.codePointCount(0, word.length()) > wordCharactersMax) {
      ids.add(unknown);
      return;
    }
    IdList found = new IdList();
    int start = 0;
    while (start < word.length()) {
      int piece = longest(word, start);
      if (piece < 0) {
        ids.add(unknown);
        return;
      }
      found.add(piece);
      start += vocabulary.text(piece).length() - (start > 0 ? prefix.length() : 0);
    }
    for (int id : found.toArray()) {
      ids.add(id);
    }
  }

  private int longest(String word, int start) {
    int end = Math.min(word.length(), start + pieceCharsMax);
    while (end > start) {
      String text = word.substring(start, end);
      int id = vocabulary.id(start > 0 ? prefix + text : text);
      if (id >= 0) {
        return id;
      }
      end = word.offsetByCodePoints(end, -1);
    }
    return -1;
  }
}
