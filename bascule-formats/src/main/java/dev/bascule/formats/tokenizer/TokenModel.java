package dev.bascule.formats.tokenizer;

/** The trained part of a tokenizer: turns a piece of text into tokens of the vocabulary. */
sealed interface TokenModel permits Bpe, Unigram, WordPiece {
  /** Appends the ids of {@code piece}, which is not empty. */
  void encode(String piece, IdList ids);
}
