package dev.bascule.formats.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Turns texts into the token ids that a model takes, as Hugging Face's tokenizer of the same file
 * does: added tokens are found, the rest is normalized and split into words, words into pieces; the
 * result is truncated, put into the model's template and padded. Immutable: threads may share one.
 */
public final class Tokenizer {
  private final AddedTokens rawTokens;
  private final AddedTokens normalizedTokens;
  private final BertNormalizer normalizer;
  private final WordPiece model;
  private final Template template;
  private final Optional<Truncation> truncation;
  private final Optional<Padding> padding;

  Tokenizer(
      AddedTokens rawTokens,
      AddedTokens normalizedTokens,
      BertNormalizer normalizer,
      WordPiece model,
      Template template,
      Optional<Truncation> truncation,
      Optional<Padding> padding) {
    this.rawTokens = rawTokens;
    this.normalizedTokens = normalizedTokens;
    this.normalizer = normalizer;
    this.model = model;
    this.template = template;
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
    return new Tokenizer(
        rawTokens, normalizedTokens, normalizer, model, template, truncation, padding);
  }

  /** Encodes one text, with the model's special tokens. */
  public Encoding encode(String text) {
    return pad(List.of(assemble(tokens(text), Optional.empty(), true))).getFirst();
  }

  /** Encodes two texts that the model is to see together. */
  public Encoding encode(String first, String second) {
    return pad(List.of(assemble(tokens(first), Optional.of(tokens(second)), true))).getFirst();
  }

  /** Encodes one text without special tokens around it. */
  public Encoding encodeBare(String text) {
    return pad(List.of(assemble(tokens(text), Optional.empty(), false))).getFirst();
  }

  /** Encodes several texts; if the padding says so, to the length of the longest. */
  public List<Encoding> encodeAll(List<String> texts) {
    return pad(texts.stream().map(text -> assemble(tokens(text), Optional.empty(), true)).toList());
  }

  private List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    rawTokens.split(
        text,
        raw ->
            normalizedTokens.split(
                normalizer.normalize(raw), rest -> words(rest, tokens), tokens::add),
        tokens::add);
    return tokens;
  }

  /** Splits at white space, which goes away, and around punctuation, which stays. */
  private void words(String text, List<Token> tokens) {
    int start = 0;
    int at = 0;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      int next = at + Character.charCount(c);
      boolean space = Characters.isWhitespace(c);
      if (space || Characters.isPunctuation(c)) {
        word(text, start, at, tokens);
        if (!space) {
          word(text, at, next, tokens);
        }
        start = next;
      }
      at = next;
    }
    word(text, start, at, tokens);
  }

  private void word(String text, int start, int end, List<Token> tokens) {
    if (start < end) {
      model.split(text.substring(start, end), tokens);
    }
  }

  private record Assembled(List<Token> tokens, List<Integer> typeIds) {}

  private Assembled assemble(List<Token> first, Optional<List<Token>> second, boolean special) {
    List<Template.Part> parts = second.isPresent() ? template.pair() : template.single();
    List<Token> a = first;
    List<Token> b = second.orElse(List.of());
    if (truncation.isPresent()) {
      int room = truncation.get().tokensMax() - (special ? Template.added(parts) : 0);
      Lengths lengths =
          Lengths.after(truncation.get(), room, a.size(), second.isPresent(), b.size());
      a = cut(a, lengths.first());
      b = cut(b, lengths.second());
    }
    Assembled result = new Assembled(new ArrayList<>(), new ArrayList<>());
    for (Template.Part part : parts) {
      List<Token> tokens =
          switch (part) {
            case Template.First ignored -> a;
            case Template.Second ignored -> b;
            case Template.Special(List<Token> added, int ignored) -> special ? added : List.of();
          };
      result.tokens().addAll(tokens);
      tokens.forEach(token -> result.typeIds().add(part.typeId()));
    }
    return result;
  }

  private List<Token> cut(List<Token> tokens, int length) {
    boolean left = truncation.orElseThrow().side() == Side.LEFT;
    return left ? tokens.subList(tokens.size() - length, tokens.size()) : tokens.subList(0, length);
  }

  private List<Encoding> pad(List<Assembled> batch) {
    int longest = batch.stream().mapToInt(assembled -> assembled.tokens().size()).max().orElse(0);
    int length = padding.map(p -> p.length(longest)).orElse(0);
    return batch.stream().map(assembled -> encoding(assembled, length)).toList();
  }

  private Encoding encoding(Assembled assembled, int lengthMin) {
    int tokens = assembled.tokens().size();
    int length = Math.max(tokens, lengthMin);
    int[] ids = new int[length];
    int[] typeIds = new int[length];
    int[] mask = new int[length];
    String[] texts = new String[length];
    int shift = 0;
    if (length > tokens) {
      Padding pad = padding.orElseThrow();
      Arrays.fill(ids, pad.id());
      Arrays.fill(typeIds, pad.typeId());
      Arrays.fill(texts, pad.token());
      shift = pad.side() == Side.LEFT ? length - tokens : 0;
    }
    for (int i = 0; i < tokens; i++) {
      ids[shift + i] = assembled.tokens().get(i).id();
      texts[shift + i] = assembled.tokens().get(i).text();
      typeIds[shift + i] = assembled.typeIds().get(i);
      mask[shift + i] = 1;
    }
    return new Encoding(ids, typeIds, mask, List.of(texts));
  }
}
