package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What byte-pair encoding merges: the tokens under their ids, and behind them pieces that are no
 * tokens but parts of some.
 */
final class Symbols {
  private static final int COMMON = 0x200;

  private final Vocabulary vocabulary;

  /** The vocabulary's, where the other pieces are put behind the tokens. */
  private final TextTable texts;

  /** The symbols of the first characters, which are nearly all of a byte-level text. */
  private final int[] common = new int[COMMON];

  Symbols(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.texts = vocabulary.texts();
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  /** The texts of all symbols under their numbers. */
  TextTable texts() {
    return texts;
  }

  boolean isToken(int symbol) {
    return symbol >= 0 && symbol < vocabulary.size();
  }

  /** The symbol of a text, or -1. */
  int id(String text) {
    return texts.find(text);
  }

  /** Makes symbols of all characters of all tokens, so that every token can be merged. */
  void addCharacters() {
    BitSet seen = new BitSet();
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = vocabulary.text(id);
      for (int at = 0; at < text.length(); ) {
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        if (!seen.get(c)) {
          seen.set(c);
          add(Character.toString(c));
        }
      }
    }
  }

  private void add(String character) {
    if (texts.find(character) < 0) {
      byte[] utf8 = character.getBytes(UTF_8);
      texts.index(texts.append(utf8, 0, utf8.length));
    }
  }

  /** No symbol is added after this. */
  Symbols complete() {
    Arrays.setAll(common, texts::find);
    return this;
  }

  int ofCharacter(int c) {
    return c < COMMON ? common[c] : texts.find(c);
  }

  String text(int symbol) {
    return texts.text(symbol);
  }
}
