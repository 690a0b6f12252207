package dev.bascule.formats.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads the tokenizer in a GGUF file's metadata. Kinds and defaults are those of llama.cpp, except
 * that Qwen's texts are composed first (NFC), as Qwen's own tokenizer does.
 */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String REMEDY = "convert the model again";
  private static final String MARK = "\u2581";

  /** Values of {@code tokenizer.ggml.token_type}. */
  static final int NORMAL = 1;

  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  /** Texts of control tokens that end an answer, where the file does not name all of them. */
  private static final Set<String> ENDS =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<EOT>",
          "[EOT]",
          "[EOS]",
          "<\uff5cend\u2581of\u2581sentence\uff5c>");

  private final GgufMetadata metadata;
  private final List<String> texts;
  private final int[] types;

  /** The few that are more than text: {@link #CONTROL}, {@link #UNKNOWN}, {@link #USER_DEFINED}. */
  private final int[] marked;

  GgufTokenizer(GgufMetadata metadata) {
    this.metadata = metadata;
    this.texts = metadata.get(PREFIX + "tokens").texts();
    this.types = find("token_type").map(GgufEntry::integers).orElseGet(this::allNormal);
    if (types.length < texts.size()) {
      throw wrong(
          "token_type", "a type for each of " + texts.size() + " tokens", types.length + "");
    }
    this.marked = marked();
  }

  private int[] marked() {
    IdList marked = new IdList();
    int size = texts.size();
    for (int id = 0; id < size; id++) {
      int type = types[id];
      if (type == CONTROL || type == UNKNOWN || type == USER_DEFINED) {
        marked.add(id);
      }
    }
    return marked.toArray();
  }

  private Optional<GgufEntry> find(String key) {
    return metadata.find(PREFIX + key);
  }

  private int[] allNormal() {
    int[] normal = new int[texts.size()];
    Arrays.fill(normal, NORMAL);
    return normal;
  }

  private FormatException wrong(String key, String expected, String got) {
    return new FormatException(metadata.file(), PREFIX + key, expected, got, REMEDY);
  }

  Tokenizer read() {
    String model = metadata.get(PREFIX + "model").text();
    return switch (model) {
      case "gpt2" -> byteLevel();
      case "llama" -> sentencePiece();
      case "bert" -> wordPiece();
      case "t5" -> unigram();
      default ->
          throw new FormatException(
              metadata.file(),
              PREFIX + "model",
              "'gpt2' (byte-level BPE), 'llama' (SentencePiece), 'bert' (WordPiece) or 't5' (Unigram)",
              FormatException.quote(model),
              "use the model's tokenizer.json instead");
    };
  }

  private Vocabulary vocabulary() {
    GgufValue.Texts tokens = metadata.get(PREFIX + "tokens").utf8Texts();
    return vocabulary(new TextTable(tokens.utf8(), tokens.ends()));
  }

  private Vocabulary vocabulary(TextTable tokens) {
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.byteSize(id) == 0) {
        return vocabulary(named(tokens));
      }
      if (tokens.index(id) >= 0) {
        String text = FormatException.quote(tokens.text(id));
        throw wrong("tokens[" + id + "]", "each token once", text + " again");
      }
    }
    return new Vocabulary(tokens);
  }

  /** An empty text may come up again and again: it is never found in a text. */
  private static TextTable named(TextTable tokens) {
    List<String> texts = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      texts.add(tokens.byteSize(id) == 0 ? "[EMPTY_" + id + "]" : tokens.text(id));
    }
    return TextTable.of(texts);
  }

  private OptionalInt token(String key) {
    Optional<Integer> id =
        find(key).map(entry -> entry.integer(-1, Integer.MAX_VALUE)).filter(i -> i >= 0);
    return id.isPresent() && id.get() < texts.size()
        ? OptionalInt.of(id.get())
        : OptionalInt.empty();
  }

  private boolean truth(String key, boolean otherwise) {
    return find(key).map(GgufEntry::truth).orElse(otherwise);
  }

  private Tokenizer byteLevel() {
    Vocabulary vocabulary = vocabulary();
    String place = metadata.file() + ", " + PREFIX + "pre";
    SplitPatterns.Row row =
        SplitPatterns.named(find("pre").map(GgufEntry::text).orElse("default"), metadata.file());
    Symbols symbols = new Symbols(vocabulary);
    Merges merges = merges(symbols);
    TokenModel model =
        new Bpe(
            symbols.complete(),
            merges,
            new Fallback(new int[0], OptionalInt.empty(), false),
            row.wholePiecesFirst());
    Normalizer normalizer =
        row.composes() ? new UnicodeForm(java.text.Normalizer.Form.NFC) : Normalizer.none();
    return tokenizer(
        vocabulary,
        normalizer,
        SplitPatterns.preTokenizer(row, place),
        model,
        new Decoder(List.of(), Decoder.Form.BYTE_LEVEL, metadata.file()),
        template(vocabulary, row.addsBegin(), false));
  }

  /** Parts of a merge that are no tokens are symbols all the same: they may merge on. */
  private Merges merges(Symbols symbols) {
    GgufValue.Texts merges = metadata.get(PREFIX + "merges").utf8Texts();
    byte[] utf8 = merges.utf8();
    MergeReader reader = new MergeReader(symbols, true, merges.ends().length);
    int from = 0;
    for (int rank = 0; rank < merges.ends().length; rank++) {
      int to = merges.ends()[rank];
      int space = MergeReader.space(utf8, from + 1, to);
      if (space >= to - 1) {
        String merge = FormatException.quote(new String(utf8, from, to - from, UTF_8));
        throw wrong("merges[" + rank + "]", "two parts and a space between", merge);
      }
      reader.add(utf8, from, to, space);
      from = to;
    }
    return reader.merges();
  }

  private float[] scores() {
    float[] scores = metadata.get(PREFIX + "scores").reals();
    if (scores.length < texts.size()) {
      throw wrong("scores", "a number for each of " + texts.size() + " tokens", scores.length + "");
    }
    return scores;
  }

  private Tokenizer sentencePiece() {
    Vocabulary vocabulary = vocabulary();
    Symbols symbols = new Symbols(vocabulary);
    symbols.addCharacters();
    Merges merges =
        new Merges.Scored(symbols.complete().texts(), ranks(scores()), vocabulary.bytesMax());
    return tokenizer(
        vocabulary,
        marked(truth("add_space_prefix", true)),
        PreTokenizer.none(),
        new Bpe(symbols, merges, byteFallback(vocabulary, false), false),
        markedDecoder(truth("add_space_prefix", true)),
        template(vocabulary, true, false));
  }

  /** The highest score first; equal scores are equal ranks. */
  private int[] ranks(float[] scores) {
    float[] sorted = Arrays.copyOf(scores, texts.size());
    Arrays.sort(sorted);
    int[] ranks = new int[texts.size()];
    for (int id = 0; id < ranks.length; id++) {
      int at = Arrays.binarySearch(sorted, scores[id]);
      while (at + 1 < sorted.length && Float.compare(sorted[at + 1], scores[id]) == 0) {
        at++;
      }
      ranks[id] = sorted.length - 1 - at;
    }
    return ranks;
  }

  /** Bytes are tokens of their own, or else the characters that they would be. */
  private Fallback byteFallback(Vocabulary vocabulary, boolean fuses) {
    int[] bytes = Fallback.byteTokens(vocabulary);
    for (int b = 0; b < 128; b++) {
      if (bytes[b] < 0) {
        bytes[b] = vocabulary.id(Character.toString(b));
      }
    }
    return new Fallback(bytes, unknown(vocabulary), fuses);
  }

  private OptionalInt unknown(Vocabulary vocabulary) {
    OptionalInt unknown = token("unknown_token_id");
    return unknown.isPresent() ? unknown : vocabulary.find("<unk>");
  }

  /** SentencePiece's spaces are marks, and a text starts with one. */
  private Normalizer marked(boolean prefixed) {
    List<Normalizer> steps = new ArrayList<>();
    if (prefixed) {
      steps.add(new Normalizer.Prepend(" "));
    }
    steps.add(new Normalizer.ReplaceText(" ", MARK));
    return new Normalizer.Chain(steps, metadata.file());
  }

  private Decoder markedDecoder(boolean prefixed) {
    List<Decoder.Step> steps = new ArrayList<>();
    steps.add(new Decoder.Replace(MARK, " "));
    if (prefixed) {
      steps.add(new Decoder.StripFirst(" ", 1));
    }
    return new Decoder(steps, Decoder.Form.BYTE_FALLBACK, metadata.file());
  }

  private Tokenizer unigram() {
    if (find("precompiled_charsmap").isPresent()) {
      throw wrong("precompiled_charsmap", "nothing", "a map of characters");
    }
    Vocabulary vocabulary = vocabulary();
    float[] scores = scores();
    double[] wide = new double[texts.size()];
    boolean[] usable = new boolean[texts.size()];
    for (int id = 0; id < wide.length; id++) {
      wide[id] = scores[id];
      usable[id] = Double.isFinite(wide[id]) && (types[id] == NORMAL || types[id] == USER_DEFINED);
    }
    Fallback fallback = new Fallback(new int[0], unknown(vocabulary), true);
    return tokenizer(
        vocabulary,
        marked(truth("add_space_prefix", true)),
        PreTokenizer.none(),
        new Unigram(vocabulary, wide, usable, fallback),
        markedDecoder(truth("add_space_prefix", true)),
        template(vocabulary, false, true));
  }

  /** GGUF marks the starts of words and not their continuations; here it is the other way round. */
  private Tokenizer wordPiece() {
    List<String> pieces = new ArrayList<>();
    for (int id = 0; id < texts.size(); id++) {
      String text = texts.get(id);
      boolean isPiece = types[id] == NORMAL && !(text.startsWith("[") && text.endsWith("]"));
      boolean starts = text.startsWith(MARK);
      pieces.add(starts ? text.substring(1) : isPiece ? "##" + text : text);
    }
    Vocabulary vocabulary = vocabulary(TextTable.of(pieces));
    int unknown = unknown(vocabulary).orElseThrow(() -> wrong("unknown_token_id", "an id", "none"));
    OptionalInt start = token("cls_token_id");
    OptionalInt end = token("seperator_token_id");
    Template template =
        start.isPresent() && end.isPresent()
            ? Template.bert(token(vocabulary, start), token(vocabulary, end))
            : Template.NONE;
    return tokenizer(
        vocabulary,
        new BertNormalizer(true, true, true, true),
        PreTokenizer.bert(),
        new WordPiece(vocabulary, unknown, "##", Integer.MAX_VALUE),
        new Decoder(
            List.of(new Decoder.WordPieces("##", true)), Decoder.Form.TEXT, metadata.file()),
        template);
  }

  private static Token token(Vocabulary vocabulary, OptionalInt id) {
    return new Token(id.getAsInt(), vocabulary.text(id.getAsInt()));
  }

  private Template template(Vocabulary vocabulary, boolean addsBegin, boolean addsEnd) {
    List<Token> before = new ArrayList<>();
    List<Token> after = new ArrayList<>();
    if (truth("add_bos_token", addsBegin)) {
      before.add(token(vocabulary, needed("bos_token_id")));
    }
    if (truth("add_eos_token", addsEnd)) {
      after.add(token(vocabulary, needed("eos_token_id")));
    }
    return Template.around(before, after);
  }

  private OptionalInt needed(String key) {
    OptionalInt id = token(key);
    if (id.isEmpty()) {
      throw wrong(key, "an id below " + texts.size() + ", since it is to be added", "none");
    }
    return id;
  }

  private Tokenizer tokenizer(
      Vocabulary vocabulary,
      Normalizer normalizer,
      PreTokenizer preTokenizer,
      TokenModel model,
      Decoder decoder,
      Template template) {
    BitSet added = new BitSet();
    BitSet special = new BitSet();
    List<AddedTokens.Rule> rules = new ArrayList<>();
    for (int id : marked) {
      boolean isSpecial = types[id] != USER_DEFINED;
      Token token = new Token(id, vocabulary.text(id));
      rules.add(new AddedTokens.Rule(token, texts.get(id), false, false, false, isSpecial));
      added.set(id);
      special.set(id, isSpecial);
    }
    TokenList tokens =
        new TokenList(
            vocabulary,
            added,
            special,
            new TokenList.Roles(token("bos_token_id"), List.copyOf(ends()), unknown(vocabulary)));
    return new Tokenizer(
        new Tokenizer.Pipeline(
            new AddedTokens(rules),
            new AddedTokens(List.of()),
            normalizer,
            preTokenizer,
            model,
            decoder,
            template),
        tokens,
        Optional.empty(),
        Optional.empty());
  }

  private Set<Integer> ends() {
    Set<Integer> ends = new LinkedHashSet<>();
    for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
      token(key).ifPresent(ends::add);
    }
    for (int id : marked) {
      if (types[id] == CONTROL && ENDS.contains(texts.get(id))) {
        ends.add(id);
      }
    }
    return ends;
  }
}
