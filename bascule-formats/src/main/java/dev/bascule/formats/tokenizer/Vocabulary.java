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

  /** The model's tokens, and behind them perhaps {@link Symbols} that are none. */
  private final TextTable texts;

  private final int modelSize;

  /** Tokens that a file adds to the model's. */
  private final Map<String, Integer> addedIds;

  private final Map<Integer, String> addedTexts;
  private final int size;

  /** The table, in which tokens are found by their texts, becomes the vocabulary's own. */
  Vocabulary(TextTable texts) {
    this(texts, texts.size(), texts.size(), Map.of(), Map.of());
  }

  private Vocabulary(
      TextTable texts,
      int modelSize,
      int size,
      Map<String, Integer> addedIds,
      Map<Integer, String> addedTexts) {
    this.texts = texts;
    this.modelSize = modelSize;
    this.size = size;
    this.addedIds = addedIds;
    this.addedTexts = addedTexts;
  }

  /** Tokens by their ids, each of which is one token's alone. */
  static Vocabulary of(Map<String, Integer> ids) {
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
    String[] texts = new String[idMax + 1];
    Arrays.fill(texts, "");
    ids.forEach((text, id) -> texts[id] = text);
    TextTable table = TextTable.of(Arrays.asList(texts));
    ids.values().forEach(table::index);
    return new Vocabulary(table);
  }

  /** This vocabulary and more tokens, which shares what is large. */
  Vocabulary with(Collection<Token> tokens) {
    Map<String, Integer> ids = new HashMap<>(addedIds);
    Map<Integer, String> byId = new HashMap<>(addedTexts);
    int end = size;
    for (Token token : tokens) {
      ids.put(token.text(), token.id());
      byId.put(token.id(), token.text());
      end = Math.max(end, token.id() + 1);
    }
    return new Vocabulary(texts, modelSize, end, ids, byId);
  }

  /** The id that none of a vocabulary of so many tokens may reach. */
  static int idsEnd(int tokens) {
    return (int) Math.min(Integer.MAX_VALUE, IDS_FLOOR + (long) GAPS_MAX * tokens);
  }

  /** The table of the model's tokens, for what is to be found beside them. */
  TextTable texts() {
    return texts;
  }

  /** One more than the largest id. */
  int size() {
    return size;
  }

  /** The token's id, or -1. */
  int id(String text) {
    int id = texts.find(text);
    if (id >= 0 && id < modelSize) {
      return id;
    }
    return addedIds.isEmpty() ? -1 : addedIds.getOrDefault(text, -1);
  }

  /** Of the model's longest token. */
  int bytesMax() {
    return texts.bytesMax();
  }

  OptionalInt find(String text) {
    int id = id(text);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The token's text; nothing for an id that no token has. */
  String text(int id) {
    String added = addedTexts.isEmpty() ? null : addedTexts.get(id);
    if (added != null) {
      return added;
    }
    return id >= 0 && id < modelSize ? texts.text(id) : "";
  }
}
