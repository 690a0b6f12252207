package dev.bascule.formats.tokenizer;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Token ids and texts, both ways. */
final class Vocabulary {
  /** Ids above this many times the number of tokens would make a table of gaps. */
  private static final int GAPS_MAX = 16;

  private static final int IDS_FLOOR = 1 << 16;

  private final Map<String, Integer> ids;

  /** Tokens that a file adds to the model's. */
  private final Map<String, Integer> added;

  private final String[] texts;

  /** The map becomes the vocabulary's own; it is large, so that it is not copied. */
  Vocabulary(Map<String, Integer> ids) {
    this.ids = ids;
    int idMax = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    if (idMax >= idsEnd(ids.size())) {
      throw new IllegalArgumentException(
          "vocabulary: expected ids below "
              + idsEnd(ids.size())
              + " for "
              + ids.size()
              + " tokens, got "
              + idMax);
    }
    this.added = Map.of();
    this.texts = new String[idMax + 1];
    Arrays.fill(texts, "");
    ids.forEach((text, id) -> texts[id] = text);
  }

  private Vocabulary(Map<String, Integer> ids, Map<String, Integer> added, String[] texts) {
    this.ids = ids;
    this.added = added;
    this.texts = texts;
  }

  /** This vocabulary and more tokens, which shares what is large. */
  Vocabulary with(Collection<Token> tokens) {
    int size = tokens.stream().mapToInt(token -> token.id() + 1).max().orElse(0);
    String[] all = Arrays.copyOf(texts, Math.max(size, texts.length));
    Arrays.fill(all, texts.length, all.length, "");
    Map<String, Integer> more = new HashMap<>(added);
    for (Token token : tokens) {
      all[token.id()] = token.text();
      more.put(token.text(), token.id());
    }
    return new Vocabulary(ids, more, all);
  }

  /** The id that none of a vocabulary of so many tokens may reach. */
  static int idsEnd(int tokens) {
    return (int) Math.min(Integer.MAX_VALUE, IDS_FLOOR + (long) GAPS_MAX * tokens);
  }

  /** One more than the largest id. */
  int size() {
    return texts.length;
  }

  /** The token's id, or -1. */
  int id(String text) {
    Integer id = ids.get(text);
    return id != null ? id : added.isEmpty() ? -1 : added.getOrDefault(text, -1);
  }

  /** Of the longest token. */
  int charsMax() {
    return Arrays.stream(texts).mapToInt(String::length).max().orElse(0);
  }

  OptionalInt find(String text) {
    int id = id(text);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The token's text; nothing for an id that no token has. */
  String text(int id) {
    return id >= 0 && id < texts.length ? texts[id] : "";
  }
}
