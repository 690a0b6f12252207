package dev.bascule.formats.tokenizer;

import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Turns texts into the token ids that a model takes, and ids into text, as the libraries that the
 * model was made with do: added tokens are found, the rest is normalized and split into pieces,
 * pieces into tokens; the result is truncated, put into the model's template and padded. Immutable:
 * threads may share one.
 */
public final class Tokenizer {
  /** What a tokenizer's file says about texts. */
  record Pipeline(
      AddedTokens rawTokens,
      AddedTokens normalizedTokens,
      Normalizer normalizer,
      PreTokenizer preTokenizer,
      TokenModel model,
      Decoder decoder,
      Template template) {}

  private final Pipeline pipeline;
  private final TokenList tokenList;
  private final Optional<Truncation> truncation;
  private final Optional<Padding> padding;

  Tokenizer(
      Pipeline pipeline,
      TokenList tokenList,
      Optional<Truncation> truncation,
      Optional<Padding> padding) {
    this.pipeline = pipeline;
    this.tokenList = tokenList;
    this.truncation = truncation;
    this.padding = padding;
  }

  /**
   * Reads a {@code tokenizer.json}.
   *
   * @throws dev.bascule.formats.FormatException if it is broken, or not of a kind that Bascule
   *     knows
   */
  public static Tokenizer load(Path path) {
    return TokenizerFile.read(path);
  }

  /**
   * Reads the tokenizer of a model: a GGUF file, a {@code tokenizer.json}, or a folder that has
   * one.
   *
   * @throws dev.bascule.formats.FormatException if it is broken, or not of a kind that Bascule
   *     knows
   */
  public static Tokenizer open(Path path) {
    if (Files.isDirectory(path)) {
      return new TokenizerFolder(path).read();
    }
    if (GgufFile.isOne(path)) {
      try (GgufFile file = GgufFile.open(path)) {
        return of(file.metadata());
      }
    }
    return load(path);
  }

  /**
   * Reads the tokenizer in a GGUF file's metadata.
   *
   * @throws dev.bascule.formats.FormatException if it is broken, or not of a kind that Bascule
   *     knows
   */
  public static Tokenizer of(GgufMetadata metadata) {
    return new GgufTokenizer(metadata).read();
  }

  /** This tokenizer with roles that another file told. */
  Tokenizer with(TokenList.Roles roles) {
    return new Tokenizer(pipeline, tokenList.with(roles), truncation, padding);
  }

  Template template() {
    return pipeline.template();
  }

  /** The tokens and what they are for. */
  public TokenList tokens() {
    return tokenList;
  }

  /** The file's truncation. */
  public Optional<Truncation> truncation() {
    return truncation;
  }

  /** The file's padding. */
  public Optional<Padding> padding() {
    return padding;
  }

  /** This tokenizer with other settings than the file's. */
  public Tokenizer with(Optional<Truncation> truncation, Optional<Padding> padding) {
    return new Tokenizer(pipeline, tokenList, truncation, padding);
  }

  /** Encodes one text, with the model's special tokens. */
  public Encoding encode(String text) {
    return pad(List.of(assemble(ids(text, true), Optional.empty(), true))).getFirst();
  }

  /** Encodes two texts that the model is to see together. */
  public Encoding encode(String first, String second) {
    return pad(List.of(assemble(ids(first, true), Optional.of(ids(second, true)), true)))
        .getFirst();
  }

  /** Encodes one text without special tokens around it; those inside it are found. */
  public Encoding encodeBare(String text) {
    return pad(List.of(assemble(ids(text, true), Optional.empty(), false))).getFirst();
  }

  /**
   * Encodes one text in which nothing is special: what a user wrote cannot pretend to be the
   * model's own marks.
   */
  public Encoding encodePlain(String text) {
    return pad(List.of(assemble(ids(text, false), Optional.empty(), false))).getFirst();
  }

  /** Encodes several texts; if the padding says so, to the length of the longest. */
  public List<Encoding> encodeAll(List<String> texts) {
    return pad(
        texts.stream().map(text -> assemble(ids(text, true), Optional.empty(), true)).toList());
  }

  /** Tokens as an encoding, nothing around them. */
  public Encoding encoding(int... ids) {
    return pad(List.of(assemble(ids, Optional.empty(), false))).getFirst();
  }

  /** Tokens with those around them that the model wants around a text. */
  public Encoding surround(int... ids) {
    return pad(List.of(assemble(ids, Optional.empty(), true))).getFirst();
  }

  /** The text of tokens, special ones left out. */
  public String decode(int... ids) {
    return decode(stream(false, false), ids);
  }

  /** The text of tokens, special ones written as the vocabulary does. */
  public String decodeAll(int... ids) {
    return decode(stream(false, true), ids);
  }

  private static String decode(TextStream stream, int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.add(id));
    }
    return text.append(stream.finish()).toString();
  }

  /**
   * Text for tokens that come one by one.
   *
   * @param continues whether other text stands before it, so that a space at its start is kept
   * @param showsSpecial whether special tokens are shown
   */
  public TextStream stream(boolean continues, boolean showsSpecial) {
    return new TextStream(this, continues, showsSpecial);
  }

  /** The bytes that a token stands for. */
  byte[] bytes(int id, boolean first) {
    String text = tokenList.text(id);
    return tokenList.isAdded(id) && pipeline.decoder().form() == Decoder.Form.BYTE_LEVEL
        ? text.getBytes(StandardCharsets.UTF_8)
        : pipeline.decoder().bytes(text, first);
  }

  private int[] ids(String text, boolean special) {
    IdList ids = new IdList();
    pipeline
        .rawTokens()
        .split(
            text,
            special,
            (raw, starts) -> normalizedIds(raw, starts, special, ids),
            token -> ids.add(token.id()));
    return ids.toArray();
  }

  private void normalizedIds(String raw, boolean starts, boolean special, IdList ids) {
    pipeline
        .normalizedTokens()
        .split(
            pipeline.normalizer().normalize(raw),
            special,
            (text, first) ->
                pipeline
                    .preTokenizer()
                    .split(text, starts && first, piece -> pipeline.model().encode(piece, ids)),
            token -> ids.add(token.id()));
  }

  private record Assembled(int[] ids, int[] typeIds) {}

  private Assembled assemble(int[] first, Optional<int[]> second, boolean special) {
    Template template = pipeline.template();
    List<Template.Part> parts = second.isPresent() ? template.pair() : template.single();
    int[] a = first;
    int[] b = second.orElse(new int[0]);
    if (truncation.isPresent()) {
      int room = truncation.get().tokensMax() - (special ? Template.added(parts) : 0);
      Lengths lengths =
          Lengths.after(truncation.get(), room, a.length, second.isPresent(), b.length);
      a = cut(a, lengths.first());
      b = cut(b, lengths.second());
    }
    IdList ids = new IdList();
    IdList typeIds = new IdList();
    for (Template.Part part : parts) {
      int[] more =
          switch (part) {
            case Template.First ignored -> a;
            case Template.Second ignored -> b;
            case Template.Special(List<Token> added, int ignored) ->
                special ? added.stream().mapToInt(Token::id).toArray() : new int[0];
          };
      for (int id : more) {
        ids.add(id);
        typeIds.add(part.typeId());
      }
    }
    return new Assembled(ids.toArray(), typeIds.toArray());
  }

  private int[] cut(int[] ids, int length) {
    boolean left = truncation.orElseThrow().side() == Side.LEFT;
    return left
        ? Arrays.copyOfRange(ids, ids.length - length, ids.length)
        : Arrays.copyOf(ids, length);
  }

  private List<Encoding> pad(List<Assembled> batch) {
    int longest = batch.stream().mapToInt(assembled -> assembled.ids().length).max().orElse(0);
    int length = padding.map(p -> p.length(longest)).orElse(0);
    return batch.stream().map(assembled -> encoding(assembled, length)).toList();
  }

  private Encoding encoding(Assembled assembled, int lengthMin) {
    int tokens = assembled.ids().length;
    int length = Math.max(tokens, lengthMin);
    int[] ids = new int[length];
    int[] typeIds = new int[length];
    int[] mask = new int[length];
    int shift = 0;
    if (length > tokens) {
      Padding pad = padding.orElseThrow();
      Arrays.fill(ids, pad.id());
      Arrays.fill(typeIds, pad.typeId());
      shift = pad.side() == Side.LEFT ? length - tokens : 0;
    }
    System.arraycopy(assembled.ids(), 0, ids, shift, tokens);
    System.arraycopy(assembled.typeIds(), 0, typeIds, shift, tokens);
    Arrays.fill(mask, shift, shift + tokens, 1);
    return new Encoding(ids, typeIds, mask, tokenList, padding.map(Padding::token).orElse(""));
  }
}
