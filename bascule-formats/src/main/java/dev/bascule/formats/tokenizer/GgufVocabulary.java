package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Writes the tokenizer of a model's folder as GGUF metadata: byte-level BPE, whose way to split
 * texts must be one that GGUF has a name for, and SentencePiece's BPE, whose merges must be those
 * of scores. What comes out is read back and compared with the original on texts of many scripts
 * before it is given. Source: the keys that llama.cpp reads.
 */
public final class GgufVocabulary {
  static final String REMEDY =
      "keep the model as a folder, or write it without its tokenizer and use token ids";

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String FILE = "tokenizer.json";

  /** Texts that tell one way to split from another. */
  private static final List<String> SAMPLES =
      List.of(
          "Hello world",
          " It's 12345 o'clock, and I'LL pay $3.50 (or so)!!  \n\n\tNext\r\n",
          "na\u00efve re\u0301sume\u0301 \u00dcBERGR\u00d6SSE Stra\u00dfe HTMLParser camelCase",
          "\u732b\u304c\u597d\u304d\u3067\u3059\u3002\u4eca\u5929\u5929\u6c14 2024\u5e74",
          "\u041f\u0440\u0438\u0432\u0435\u0442 \u0645\u0631\u062d\u0628\u0627 \ud55c\uad6d\uc5b4 \u0939\u093f\u0928\u094d\u0926\u0940",
          "\ud83d\ude00\ud83d\udc68\u200d\ud83d\udc69 x=[1,2];//a_b\n    return f(x)->y;",
          "a  b   c    d\u00a0e\u3000f");

  /**
   * A tokenizer as metadata.
   *
   * @param notes what GGUF has no words for, one sentence each; nothing where it says all
   */
  public record Written(GgufMetadata metadata, List<String> notes) {
    public Written {
      notes = List.copyOf(notes);
    }
  }

  /** What GGUF calls a way to make tokens, and what else it must know of it. */
  record Kind(String model, Optional<String> splits, Optional<Boolean> prefixed) {}

  private final Path file;
  private final Json json;
  private final Tokenizer tokenizer;
  private final List<String> notes = new ArrayList<>();
  private final String[] texts;
  private final int[] types;
  private GgufMetadata metadata = GgufMetadata.empty();

  private GgufVocabulary(Path folder, int vocabulary) {
    this.file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new FormatException(folder, "", FILE, "none in it", REMEDY);
    }
    this.json = Json.read(file);
    this.tokenizer = Tokenizer.open(folder).with(Optional.empty(), Optional.empty());
    int size = tokenizer.tokens().size();
    if (size > vocabulary) {
      throw new FormatException(
          file,
          "model.vocab",
          "ids below the " + vocabulary + " rows of the embedding table",
          "ids up to " + (size - 1),
          "check that tokenizer and model belong together");
    }
    this.texts = new String[vocabulary];
    this.types = new int[vocabulary];
  }

  /**
   * The tokenizer of a folder.
   *
   * @param modelType what {@code config.json} calls the model
   * @param vocabulary rows of the embedding table; ids that no token has are filled up
   * @throws FormatException if GGUF cannot express it
   */
  public static Written of(Path folder, String modelType, int vocabulary) {
    return new GgufVocabulary(folder, vocabulary).write(modelType);
  }

  private Written write(String modelType) {
    Json model = json.get("model");
    VocabularyKind kinds = new VocabularyKind(json);
    Kind kind = kinds.kind(modelType);
    kinds.note().ifPresent(notes::add);
    list(kind);
    put("model", GgufValue.of(kind.model()));
    kind.splits().ifPresent(name -> put("pre", GgufValue.of(name)));
    kind.prefixed().ifPresent(prefixed -> put("add_space_prefix", GgufValue.of(prefixed)));
    put("tokens", GgufValue.ofTexts(Arrays.asList(texts)));
    put("token_type", GgufValue.ofIntegers(types));
    if (kind.splits().isPresent()) {
      put("merges", GgufValue.ofTexts(merges(model)));
    } else {
      put("scores", GgufValue.ofReals(new MergeScores(model, texts, types).scores()));
    }
    roles();
    requireSame();
    return new Written(metadata, notes);
  }

  private void put(String key, GgufValue value) {
    metadata = metadata.with(PREFIX + key, value);
  }

  /** Tokens and their types; a number that no token has gets a text that none else has. */
  private void list(Kind kind) {
    TokenList tokens = tokenizer.tokens();
    boolean isMarked = kind.splits().isEmpty();
    OptionalInt unknown = tokens.roles().unknown();
    Set<String> seen = new HashSet<>();
    for (int id = 0; id < texts.length; id++) {
      String text = tokens.text(id);
      boolean isToken = !text.isEmpty();
      texts[id] = isToken ? text : "[PAD" + id + "]";
      if (!seen.add(texts[id])) {
        throw new FormatException(
            file, "token " + id, "each text once", FormatException.quote(text) + " again", REMEDY);
      }
      types[id] =
          !isToken
              ? GgufTokenizer.UNUSED
              : tokens.isAdded(id)
                  ? tokens.isSpecial(id) ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED
                  : isMarked && text.matches("<0x[0-9A-F]{2}>")
                      ? GgufTokenizer.BYTE
                      : GgufTokenizer.NORMAL;
    }
    if (isMarked && unknown.isPresent()) {
      types[unknown.getAsInt()] = GgufTokenizer.UNKNOWN;
    }
    for (Json token : json.get("added_tokens").optional().map(Json::elements).orElse(List.of())) {
      for (String flag : List.of("single_word", "lstrip", "rstrip")) {
        if (token.get(flag).truthOr(false)) {
          String content = FormatException.quote(token.get("content").text());
          notes.add("token " + content + ": GGUF has no word for its '" + flag + "'");
        }
      }
    }
  }

  private static List<String> merges(Json model) {
    List<String> merges = new ArrayList<>();
    for (Json merge : model.get("merges").elements()) {
      merges.add(
          merge.isText()
              ? merge.text()
              : merge.elements().get(0).text() + " " + merge.elements().get(1).text());
    }
    return merges;
  }

  private void roles() {
    TokenList.Roles roles = tokenizer.tokens().roles();
    List<Integer> before = around(true);
    List<Integer> after = around(false);
    OptionalInt begin = roles.begin();
    if (begin.isEmpty() && before.size() == 1) {
      begin = OptionalInt.of(before.getFirst());
    }
    boolean addsBegin = begin.isPresent() && before.equals(List.of(begin.getAsInt()));
    boolean addsEnd = !roles.end().isEmpty() && after.equals(List.of(roles.end().getFirst()));
    if (!addsBegin && !before.isEmpty() || !addsEnd && !after.isEmpty()) {
      notes.add(
          "the tokens that "
              + FILE
              + " puts around texts are not those that begin and end one: GGUF has no word for them,"
              + " and they are left to the chat template");
    }
    begin.ifPresent(id -> put("bos_token_id", GgufValue.u32(id)));
    roles.unknown().ifPresent(id -> put("unknown_token_id", GgufValue.u32(id)));
    List<String> keys = List.of("eos_token_id", "eot_token_id", "eom_token_id");
    for (int i = 0; i < Math.min(keys.size(), roles.end().size()); i++) {
      put(keys.get(i), GgufValue.u32(roles.end().get(i)));
    }
    put("add_bos_token", GgufValue.of(addsBegin));
    put("add_eos_token", GgufValue.of(addsEnd));
  }

  /** The tokens that are put before a text, or after it. */
  private List<Integer> around(boolean before) {
    List<Integer> ids = new ArrayList<>();
    boolean passed = false;
    for (Template.Part part : tokenizer.template().single()) {
      switch (part) {
        case Template.First first -> passed = true;
        case Template.Second second -> {}
        case Template.Special special -> {
          if (passed != before) {
            special.tokens().forEach(token -> ids.add(token.id()));
          }
        }
      }
    }
    return ids;
  }

  private void requireSame() {
    Tokenizer written = Tokenizer.of(metadata);
    for (String text : SAMPLES) {
      // what was noted is known: spaces at the beginning
      String sample = notes.isEmpty() ? text : text.strip();
      int[] expected = tokenizer.encodeBare(sample).ids();
      int[] got = written.encodeBare(sample).ids();
      if (!Arrays.equals(expected, got)) {
        throw new FormatException(
            file,
            "",
            "a tokenizer that means the same as GGUF metadata",
            "other tokens for " + FormatException.quote(sample),
            REMEDY);
      }
    }
  }
}
