package dev.bascule.formats.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What byte-pair encoding merges: the tokens under their ids, and behind them pieces that are no
 * tokens but parts of some.
 */
final class Symbols {
  private static final int COMMON = 0x200;

  private final Vocabulary vocabulary;
  private final Map<String, Integer> extra = new HashMap<>();
  private final List<String> extraTexts = new ArrayList<>();

  /** The symbols of the first characters, which are nearly all of a byte-level text. */
  private final int[] common = new int[COMMON];

  private boolean isComplete;

  Symbols(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  boolean isToken(int symbol) {
    return symbol >= 0 && symbol < vocabulary.size();
  }

  /** The symbol of a text, or -1. */
  int id(String text) {
    int id = vocabulary.id(text);
    return id >= 0 || extra.isEmpty() ? id : extra.getOrDefault(text, -1);
  }

  /** The symbol of a text, made if it is not there. */
  int add(String text) {
    assert !isComplete : "symbols are complete";
    int id = id(text);
    if (id >= 0) {
      return id;
    }
    int made = vocabulary.size() + extraTexts.size();
    extraTexts.add(text);
    extra.put(text, made);
    return made;
  }

  /** Makes symbols of all characters of all tokens, so that every token can be merged. */
  void addCharacters() {
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = vocabulary.text(id);
      if (text.length() > 1) {
        text.codePoints().forEach(this::character);
      }
    }
  }

  private void character(int c) {
    if (vocabulary.id(Character.toString(c)) < 0) {
      add(Character.toString(c));
    }
  }

  /** No symbol is added after this. */
  Symbols complete() {
    Arrays.setAll(common, c -> id(Character.toString(c)));
    isComplete = true;
    return this;
  }

  int ofCharacter(int c) {
    return c < COMMON ? common[c] : id(Character.toString(c));
  }

  String text(int symbol) {
    return symbol < vocabulary.size()
        ? vocabulary.text(symbol)
        : extraTexts.get(symbol - vocabulary.size());
  }
}
