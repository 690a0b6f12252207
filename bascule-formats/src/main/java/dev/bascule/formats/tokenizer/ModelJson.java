package dev.bascule.formats.tokenizer;

import dev.bascule.formats.json.Json;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The {@code model} of a tokenizer.json. */
final class ModelJson {
  private static final String KINDS =
      "this version reads 'BPE', 'Unigram' and 'WordPiece' tokenizers";

  private ModelJson() {}

  /** The model's own tokens. */
  static Vocabulary vocabulary(Json json) {
    Json vocab = json.get("vocab");
    Map<String, Integer> ids;
    if (kind(json).equals("Unigram")) {
      ids = HashMap.newHashMap(vocab.elements().size());
      for (Json token : vocab.elements()) {
        if (ids.put(pair(token).getFirst().text(), ids.size()) != null) {
          throw token.wrong("each token once", "remove one of them");
        }
      }
    } else {
      ids = vocab.integerMembers(0, Integer.MAX_VALUE);
      int end = Vocabulary.idsEnd(ids.size());
      ids.forEach((text, id) -> {
        if (id >= end) {
          throw vocab.get(text).wrong("an id below " + end, "number the tokens without gaps");
        }
      });
    }
    return new Vocabulary(ids);
  }

  /** Old files do not name BPE. */
  private static String kind(Json json) {
    Json type = json.get("type");
    String kind = type.textOr(json.get("merges").isNull() ? "" : "BPE");
    return switch (kind) {
      case "BPE", "Unigram", "WordPiece" -> kind;
      default -> throw type.wrong("'BPE', 'Unigram' or 'WordPiece'", KINDS);
    };
  }

  static TokenModel model(Json json, Vocabulary vocabulary) {
    return switch (kind(json)) {
      case "BPE" -> bpe(json, vocabulary);
      case "Unigram" -> unigram(json, vocabulary);
      default -> wordPiece(json, vocabulary);
    };
  }

  private static TokenModel wordPiece(Json json, Vocabulary vocabulary) {
    Json charactersMax = json.get("max_input_chars_per_word");
    return new WordPiece(
        vocabulary,
        unknown(json, vocabulary),
        json.get("continuing_subword_prefix").textOr("##"),
        charactersMax.isNull() ? 100 : charactersMax.integer(0, 1 << 20));
  }

  private static int unknown(Json json, Vocabulary vocabulary) {
    Json unknown = json.get("unk_token");
    int id = vocabulary.id(unknown.text());
    if (id < 0) {
      throw unknown.wrong("a token of the vocabulary", "add it to model.vocab");
    }
    return id;
  }

  private static TokenModel bpe(Json json, Vocabulary vocabulary) {
    for (String name : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!json.get(name).textOr("").isEmpty()) {
        throw json.get(name).wrong("nothing", KINDS + " without it");
      }
    }
    if (!json.get("dropout").isNull() && json.get("dropout").real() != 0) {
      throw json.get("dropout").wrong("null", "set it to null: it is for training");
    }
    int[] bytes =
        json.get("byte_fallback").truthOr(false) ? Fallback.byteTokens(vocabulary) : new int[0];
    OptionalInt unknown =
        json.get("unk_token").isNull()
            ? OptionalInt.empty()
            : OptionalInt.of(unknown(json, vocabulary));
    Symbols symbols = new Symbols(vocabulary);
    Merges merges = merges(json.get("merges").elements(), symbols);
    return new Bpe(
        symbols.complete(),
        merges,
        new Fallback(bytes, unknown, json.get("fuse_unk").truthOr(false)),
        json.get("ignore_merges").truthOr(false));
  }

  /** Each merge is a text of two parts with a space between, or, in newer files, a pair. */
  private static Merges merges(List<Json> elements, Symbols symbols) {
    MergeTable table = new MergeTable(elements.size());
    for (int rank = 0; rank < elements.size(); rank++) {
      Json merge = elements.get(rank);
      String left;
      String right;
      if (merge.isText()) {
        String text = merge.text();
        int space = text.indexOf(' ');
        if (space < 1 || space == text.length() - 1 || text.indexOf(' ', space + 1) >= 0) {
          throw merge.wrong("two parts and a space between", "correct the merge");
        }
        left = text.substring(0, space);
        right = text.substring(space + 1);
      } else {
        List<Json> parts = pair(merge);
        left = parts.get(0).text();
        right = parts.get(1).text();
      }
      Vocabulary vocabulary = symbols.vocabulary();
      int result = vocabulary.id(left + right);
      if (result < 0 || vocabulary.id(left) < 0 || vocabulary.id(right) < 0) {
        throw merge.wrong("parts that are tokens, and so together", "add them to model.vocab");
      }
      table.put(vocabulary.id(left), vocabulary.id(right), MergeTable.merge(rank, result));
    }
    return new Merges.Listed(table);
  }

  private static List<Json> pair(Json json) {
    List<Json> elements = json.elements();
    if (elements.size() != 2) {
      throw json.wrong("a pair", KINDS);
    }
    return elements;
  }

  private static TokenModel unigram(Json json, Vocabulary vocabulary) {
    List<Json> vocab = json.get("vocab").elements();
    double[] scores = new double[vocab.size()];
    for (int id = 0; id < scores.length; id++) {
      Json score = pair(vocab.get(id)).get(1);
      scores[id] = score.real();
      if (!Double.isFinite(scores[id])) {
        throw score.wrong("a finite number", "correct the score");
      }
    }
    boolean[] usable = new boolean[scores.length];
    Arrays.fill(usable, true);
    int[] bytes =
        json.get("byte_fallback").truthOr(false) ? Fallback.byteTokens(vocabulary) : new int[0];
    Json unknown = json.get("unk_id");
    OptionalInt unknownId =
        unknown.isNull() || scores.length == 0
            ? OptionalInt.empty()
            : OptionalInt.of(unknown.integer(0, scores.length - 1));
    return new Unigram(vocabulary, scores, usable, new Fallback(bytes, unknownId, true));
  }
}
