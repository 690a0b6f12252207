package dev.bascule.formats.tokenizer;

/** An entry of the vocabulary. */
record Token(int id, String text) {}
