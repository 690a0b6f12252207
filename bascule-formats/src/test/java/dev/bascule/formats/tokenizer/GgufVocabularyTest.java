package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokenizers that are written as GGUF metadata give the same ids. */
class GgufVocabularyTest {
  /** As Llama 2's: merges by score, spaces as marks, bytes for what is not there. */
  private static final String MARKED =
      """
      {"added_tokens": [
        {"id": 0, "content": "<unk>", "normalized": false, "special": true},
        {"id": 1, "content": "<s>", "normalized": false, "special": true},
        {"id": 2, "content": "</s>", "normalized": false, "special": true}],
       "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
       "pre_tokenizer": null,
       "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
       "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
       "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
        "vocab": {VOCAB},
        "merges": ["a b", "\u2581 a", "\u2581 ab", "\u2581a b", "b c", "ab c", "a bc"]}}
      """;

  private static final String SETTINGS =
      "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"unk_token\": \"<unk>\"}";

  @TempDir private Path folder;

  private static String marked() {
    StringBuilder vocabulary = new StringBuilder("\"<unk>\": 0, \"<s>\": 1, \"</s>\": 2");
    int id = 3;
    for (int b = 0; b < 256; b++) {
      vocabulary.append(String.format(", \"<0x%02X>\": %d", b, id++));
    }
    for (String token :
        List.of(
            "\u2581",
            "a",
            "b",
            "c",
            "ab",
            "\u2581a",
            "\u2581ab",
            "abc",
            "bc",
            "d",
            "e",
            "\u732b")) {
      vocabulary.append(", \"").append(token).append("\": ").append(id++);
    }
    return MARKED.replace("VOCAB", vocabulary);
  }

  private GgufVocabulary.Written write(String json, int rows) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), json);
    Files.writeString(folder.resolve("tokenizer_config.json"), SETTINGS);
    return GgufVocabulary.of(folder, "llama", rows);
  }

  private static void assertSame(Tokenizer expected, Tokenizer got, String text) {
    assertThat(got.encode(text).ids()).as(text).isEqualTo(expected.encode(text).ids());
    int[] ids = expected.encodePlain(text).ids();
    assertThat(got.encodePlain(text).ids()).as(text).isEqualTo(ids);
    assertThat(got.decode(ids)).isEqualTo(expected.decode(ids));
  }

  @Test
  void mergesBecomeScores() throws IOException {
    GgufVocabulary.Written written = write(marked(), 280);
    assertThat(written.notes()).isEmpty();
    assertThat(written.metadata().get("tokenizer.ggml.model").text()).isEqualTo("llama");
    assertThat(written.metadata().get("tokenizer.ggml.tokens").texts()).hasSize(280);
    Tokenizer expected = Tokenizer.open(folder);
    Tokenizer got = Tokenizer.of(written.metadata());
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(20); j > 0; j--) {
        text.append(
            List.of("a", "b", "c", " ", "ab", "\u732b", "\n", "<s>", "x").get(random.nextInt(9)));
      }
      assertSame(expected, got, text.toString());
    }
    assertThat(got.tokens().roles()).isEqualTo(expected.tokens().roles());
  }

  @Test
  void mergesThatNoScoresGiveAreRefused() {
    String other = marked().replace("\"ab c\", ", "");
    assertThatThrownBy(() -> write(other, 280))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("tokenizer.json, model.merges", "a merge of 'ab' and 'c'");
  }

  @Test
  void anEmbeddingTableWithFewerRowsIsNotTheTokenizersOwn() {
    assertThatThrownBy(() -> write(marked(), 100))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("ids below the 100 rows of the embedding table", "up to 270");
  }

  @Test
  void aSpaceBeforeTextsThatHaveNoneIsSaid() throws IOException {
    int normalizer = MARKED.indexOf("\"normalizer\"");
    int after = MARKED.indexOf("\"post_processor\"");
    String metaspace =
        "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"\u2581\","
            + " \"prepend_scheme\": \"first\", \"split\": false},\n";
    String whole = marked();
    String json = whole.substring(0, normalizer) + metaspace + whole.substring(after);
    assertThat(write(json, 280).notes()).singleElement().asString().contains("behind special");
  }

  @Test
  void qwensOwnKeepsItsIds() throws IOException {
    Path file = Oracles.fetched("tokenizer-qwen3/package/models/tokenizer.json");
    Files.copy(file, folder.resolve("tokenizer.json"));
    GgufVocabulary.Written written = GgufVocabulary.of(folder, "qwen3", 151_936);
    assertThat(written.metadata().get("tokenizer.ggml.pre").text()).isEqualTo("qwen2");
    Tokenizer expected = Tokenizer.open(folder).with(Optional.empty(), Optional.empty());
    Tokenizer got = Tokenizer.of(written.metadata());
    RandomText.PARAGRAPHS.forEach(text -> assertSame(expected, got, text));
    assertSame(expected, got, "<|im_start|>user\n<think>\u00e9e\u0301</think><|im_end|>");
  }
}
