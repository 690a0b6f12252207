package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  static final String SMALL =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [
         {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
         {"id": 4, "content": "[MASK]", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false, "special": true}],
       "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
       "pre_tokenizer": {"type": "BertPreTokenizer"},
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
         "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
         "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
       "decoder": null,
       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 20,
         "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "un": 5, "##aff": 6, "##able": 7, "cat": 8, "!": 9, "\u732b": 10}}}
      """;

  @TempDir private Path folder;

  private static Tokenizer tokenizer(String json) {
    return TokenizerFile.of(Json.parse(json.getBytes(StandardCharsets.UTF_8), "tokenizer.json"));
  }

  private static void assertRefused(String from, String to, String... parts) {
    assertThat(SMALL).contains(from);
    assertThatThrownBy(() -> tokenizer(SMALL.replace(from, to)))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts);
  }

  @Test
  void wordsAreSplitIntoTheLongestPieces() {
    assertThat(tokenizer(SMALL).encode("Unaffable CAT!").tokens())
        .containsExactly("[CLS]", "un", "##aff", "##able", "cat", "!", "[SEP]");
  }

  @Test
  void aWordThatCannotBeSplitIsUnknownAsAWhole() {
    assertThat(tokenizer(SMALL).encodeBare("unx cat " + "un".repeat(11)).tokens())
        .containsExactly("[UNK]", "cat", "[UNK]");
  }

  @Test
  void textIsCleaned() {
    assertThat(tokenizer(SMALL).encodeBare("c\u00e1t\u0000\u200d \u732b\u732bcat\t\n").tokens())
        .containsExactly("cat", "\u732b", "\u732b", "cat");
  }

  @Test
  void addedTokensAreFoundInTheText() {
    assertThat(tokenizer(SMALL).encodeBare("cat  [MASK]cat[PAD]").tokens())
        .containsExactly("cat", "[MASK]", "cat", "[PAD]");
  }

  @Test
  void aPairHasTwoTypes() {
    Encoding encoding = tokenizer(SMALL).encode("cat", "cat!");
    assertThat(encoding.ids()).containsExactly(2, 8, 3, 8, 9, 3);
    assertThat(encoding.typeIds()).containsExactly(0, 0, 0, 1, 1, 1);
    assertThat(encoding.attentionMask()).containsExactly(1, 1, 1, 1, 1, 1);
  }

  @Test
  void truncationCountsTheSpecialTokens() {
    Tokenizer tokenizer = tokenizer(SMALL).with(Optional.of(Truncation.to(4)), Optional.empty());
    assertThat(tokenizer.encode("cat cat cat cat").ids()).containsExactly(2, 8, 8, 3);
    Tokenizer left =
        tokenizer.with(
            Optional.of(new Truncation(3, Side.LEFT, Truncation.Strategy.ONLY_FIRST)),
            Optional.empty());
    assertThat(left.encode("cat cat !").ids()).containsExactly(2, 9, 3);
    assertThatThrownBy(
            () -> tokenizer.with(Optional.of(Truncation.to(1)), Optional.empty()).encode("cat"))
        .hasMessageContaining("expected 2 or more");
  }

  @Test
  void paddingReachesTheLongestOfTheBatch() {
    Padding padding = new Padding(0, 4, Side.RIGHT, 0, 0, "[PAD]");
    List<Encoding> batch =
        tokenizer(SMALL)
            .with(Optional.empty(), Optional.of(padding))
            .encodeAll(List.of("cat", "cat cat cat"));
    assertThat(batch).allSatisfy(encoding -> assertThat(encoding.length()).isEqualTo(8));
    assertThat(batch.getFirst().ids()).containsExactly(2, 8, 3, 0, 0, 0, 0, 0);
    assertThat(batch.getFirst().attentionMask()).containsExactly(1, 1, 1, 0, 0, 0, 0, 0);
  }

  @Test
  void theFilesSettingsHold() {
    Tokenizer tokenizer =
        tokenizer(
            SMALL
                .replace(
                    "\"truncation\": null",
                    "\"truncation\": {\"direction\": \"Right\", \"max_length\": 5, \"strategy\": \"LongestFirst\", \"stride\": 0}")
                .replace(
                    "\"padding\": null",
                    "\"padding\": {\"strategy\": {\"Fixed\": 6}, \"direction\": \"Left\", \"pad_to_multiple_of\": null, \"pad_id\": 0, \"pad_type_id\": 0, \"pad_token\": \"[PAD]\"}"));
    assertThat(tokenizer.truncation()).contains(Truncation.to(5));
    assertThat(tokenizer.encode("cat cat cat cat cat").ids()).containsExactly(0, 2, 8, 8, 8, 3);
  }

  @Test
  void errorsNameThePlace() {
    assertRefused(
        "\"BertNormalizer\"",
        "\"Precompiled\"",
        "tokenizer.json, normalizer.type: expected 'BertNormalizer', 'NFC'",
        "got 'Precompiled'");
    assertRefused(
        "\"WordPiece\"",
        "\"WordLevel\"",
        "model.type: expected 'BPE', 'Unigram' or 'WordPiece', got 'WordLevel'");
    assertRefused("\"un\": 5", "\"un\": -5", "model.vocab.un: expected a whole number from 0");
    assertRefused(
        "\"unk_token\": \"[UNK]\"",
        "\"unk_token\": \"?\"",
        "model.unk_token",
        "a token of the vocabulary, got '?'");
    assertRefused("\"id\": 4,", "\"id\": 5,", "added_tokens[1].id", "the vocabulary's id 4, got 5");
    assertRefused("\"un\": 5", "\"un\": 6", "model.vocab", "an id that no other token has, got 6");
    assertRefused("\"un\": 5", "\"un\": 5, \"un\": 6", "line 13", "each name once, got 'un' twice");
    assertRefused("{\"version\"", "{\"version\" oops", "line 1", "valid JSON");
    assertRefused(
        "{\"id\": \"A\", \"type_id\": 0}",
        "{\"id\": \"C\", \"type_id\": 0}",
        "post_processor.single[1].Sequence.id",
        "'A' or 'B', got 'C'");
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    byte[] original = SMALL.getBytes(StandardCharsets.UTF_8);
    String[] words = {
      "null", "-1", "1e99", "[]", "{}", "\"\"", "true", "99999999999", "\"A\"", "2147483647"
    };
    return Fuzz.run(
        folder,
        seed,
        cases,
        random -> {
          if (random.nextBoolean()) {
            return Fuzz.mutate(original, random);
          }
          // Knows the structure: one value becomes another.
          String[] values = SMALL.split("(?<=: )", -1);
          int at = 1 + random.nextInt(values.length - 1);
          values[at] =
              values[at].replaceFirst(
                  "(\"[^\"]*\"|[0-9]+|true|false|null|\\{|\\[)",
                  words[random.nextInt(words.length)]);
          return String.join("", values).getBytes(StandardCharsets.UTF_8);
        },
        path ->
            Tokenizer.load(path)
                .with(Optional.empty(), Optional.empty())
                .encode("Unaffable cats! [MASK]", "\u732b"));
  }

  @Test
  void brokenTokenizersAreRefusedAndNothingElseHappens() throws IOException {
    assertThat(fuzz(folder, 1, 3000).refused()).isGreaterThan(1500);
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }

  /** JSON can say what is no text; nothing may be taken for it, a question mark least of all. */
  @Test
  void halfASurrogatePairIsNoToken() {
    assertRefused(
        SMALL.substring(SMALL.indexOf("{\"type\": \"WordPiece\"")),
        "{\"type\": \"Unigram\", \"vocab\": [[\"?\", -1], [\"\\ud800\", -2]]}}",
        "model.vocab[1][0]: expected whole characters");
    assertRefused(
        SMALL.substring(SMALL.indexOf("{\"type\": \"WordPiece\"")),
        "{\"vocab\": {\"?\": 0, \"a\": 1, \"?a\": 2}, \"merges\": [\"\\ud800 a\"]}}",
        "model.merges[0]: expected whole characters");
    Tokenizer tokenizer =
        tokenizer("{\"model\": {\"vocab\": {\"?\": 0, \"a\": 1}, \"merges\": []}}");
    assertThat(tokenizer.encode("?\ud800a").ids()).containsExactly(0, 1);
  }
}
