package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.json.Json;
import java.util.Arrays;
import java.util.BitSet;
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
    return kind(json).equals("Unigram") ? listed(vocab.elements()) : numbered(vocab);
  }

  private static Vocabulary listed(List<Json> tokens) {
    TextTable table = new TextTable(new byte[0], new int[0]);
    for (Json token : tokens) {
      byte[] utf8 = utf8(pair(token).getFirst());
      table.append(utf8, 0, utf8.length);
    }
    for (int id = 0; id < table.size(); id++) {
      if (table.index(id) >= 0) {
        throw tokens.get(id).wrong("each token once", "remove one of them");
      }
    }
    return new Vocabulary(table);
  }

  private static Vocabulary numbered(Json vocab) {
    Map<String, Integer> ids = vocab.integerMembers(0, Integer.MAX_VALUE);
    int end = Vocabulary.idsEnd(ids.size());
    BitSet seen = new BitSet();
    ids.forEach((text, id) -> {
      if (id >= end) {
        throw vocab.get(text).wrong("an id below " + end, "number the tokens without gaps");
      }
      if (seen.get(id)) {
        throw vocab.get(text).wrong("an id that no other token has", "number each token once");
      }
      seen.set(id);
    });
    return Vocabulary.of(ids);
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

  private static Merges merges(List<Json> elements, Symbols symbols) {
    MergeReader reader = new MergeReader(symbols, false, elements.size());
    for (Json merge : elements) {
      if (!add(merge, reader)) {
        throw merge.wrong("parts that are tokens, and so together", "add them to model.vocab");
      }
    }
    return reader.merges();
  }

  /** Each merge is a text of two parts with a space between, or, in newer files, a pair. */
  private static boolean add(Json merge, MergeReader reader) {
    if (merge.isText()) {
      String text = merge.text();
      int space = text.indexOf(' ');
      if (space < 1 || space == text.length() - 1 || text.indexOf(' ', space + 1) >= 0) {
        throw merge.wrong("two parts and a space between", "correct the merge");
      }
      byte[] utf8 = utf8(merge);
      return reader.add(utf8, 0, utf8.length, MergeReader.space(utf8, 0, utf8.length));
    }
    List<Json> parts = pair(merge);
    byte[] left = utf8(parts.get(0));
    byte[] right = utf8(parts.get(1));
    return reader.add(left, 0, left.length, right, 0, right.length);
  }

  private static byte[] utf8(Json json) {
    byte[] utf8 = json.text().getBytes(UTF_8);
    if (TextTable.isChanged(json.text(), utf8)) {
      throw json.wrong("whole characters", "download it again: half a surrogate pair is no text");
    }
    return utf8;
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
