package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Splits a word into the longest pieces of the vocabulary from left to right; pieces after the
 * first carry a prefix. A word that cannot be split is unknown as a whole. Source: Wu et al. 2016,
 * https://arxiv.org/abs/1609.08144, as used by BERT.
 */
final class WordPiece implements TokenModel {
  private static final byte[] NO_PREFIX = {};

  private final TextTable texts;
  private final int unknown;
  private final byte[] prefix;
  private final int wordCharactersMax;
  private final int pieceBytesMax;

  WordPiece(Vocabulary vocabulary, int unknown, String prefix, int wordCharactersMax) {
    this.texts = vocabulary.texts();
    this.unknown = unknown;
    this.prefix = prefix.getBytes(UTF_8);
    this.wordCharactersMax = wordCharactersMax;
    this.pieceBytesMax = vocabulary.bytesMax();
  }

  @Override
  public void encode(String word, IdList ids) {
    byte[] utf8 = word.getBytes(UTF_8);
    if (word.codePointCount(0, word.length()) > wordCharactersMax
        || TextTable.isChanged(word, utf8)) {
      ids.add(unknown);
      return;
    }
    IdList found = new IdList();
    long[] hashes = new long[Math.min(utf8.length, pieceBytesMax)];
    int start = 0;
    while (start < utf8.length) {
      byte[] before = start > 0 ? prefix : NO_PREFIX;
      int piece = longest(before, utf8, start, hashes);
      if (piece < 0) {
        ids.add(unknown);
        return;
      }
      found.add(piece);
      start += texts.byteSize(piece) - before.length;
    }
    for (int id : found.toArray()) {
      ids.add(id);
    }
  }

  /** A token that ends within a character is none, so that all ends may be tried. */
  private int longest(byte[] before, byte[] word, int start, long[] hashes) {
    int bytes = Math.min(hashes.length, word.length - start);
    long hash = texts.hash(before, 0, before.length);
    for (int i = 0; i < bytes; i++) {
      hash = texts.hash(hash, word, start + i, start + i + 1);
      hashes[i] = hash;
    }
    for (int i = bytes - 1; i >= 0; i--) {
      int end = start + i + 1;
      int id = texts.findJoined(hashes[i], before, 0, before.length, word, start, end);
      if (id >= 0) {
        return id;
      }
    }
    return -1;
  }
}
