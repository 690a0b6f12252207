package dev.bascule.formats.tokenizer;

/** An end of a sequence of tokens. */
public enum Side {
  LEFT,
  RIGHT
}
