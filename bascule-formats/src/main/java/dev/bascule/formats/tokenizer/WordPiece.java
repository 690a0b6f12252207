package dev.bascule.formats.tokenizer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Splits a word into the longest pieces of the vocabulary from left to right; pieces after the
 * first carry a prefix. A word that cannot be split is unknown as a whole. Source: Wu et al. 2016,
 * https://arxiv.org/abs/1609.08144, as used by BERT.
 */
final class WordPiece {
  private final Map<String, Integer> vocabulary;
  private final Token unknown;
  private final String prefix;
  private final int wordCharactersMax;
  private final int pieceCharsMax;

  /** The vocabulary becomes the model's own; it is large, so that it is not copied. */
  WordPiece(Map<String, Integer> vocabulary, Token unknown, String prefix, int wordCharactersMax) {
    this.vocabulary = Collections.unmodifiableMap(vocabulary);
    this.unknown = unknown;
    this.prefix = prefix;
    this.wordCharactersMax = wordCharactersMax;
    this.pieceCharsMax = vocabulary.keySet().stream().mapToInt(String::length).max().orElse(0);
  }

  /** Appends the pieces of {@code word}. */
  void split(String word, List<Token> pieces) {
    if (word.codePointCount(0, word.length()) > wordCharactersMax) {
      pieces.add(unknown);
      return;
    }
    List<Token> found = new ArrayList<>();
    int start = 0;
    while (start < word.length()) {
      Token piece = longest(word, start);
      if (piece == null) {
        pieces.add(unknown);
        return;
      }
      found.add(piece);
      start += piece.text().length() - (start > 0 ? prefix.length() : 0);
    }
    pieces.addAll(found);
  }

  private @Nullable Token longest(String word, int start) {
    int end = Math.min(word.length(), start + pieceCharsMax);
    while (end > start) {
      String text = word.substring(start, end);
      text = start > 0 ? prefix + text : text;
      Integer id = vocabulary.get(text);
      if (id != null) {
        return new Token(id, text);
      }
      end = word.offsetByCodePoints(end, -1);
    }
    return null;
  }
}
