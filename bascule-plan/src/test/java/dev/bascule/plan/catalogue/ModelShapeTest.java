package dev.bascule.plan.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelShapeTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();

  @TempDir private Path folder;

  /**
   * MTP layers are left out everywhere; DeepSeek's and Kimi's totals are published without them
   * too.
   */
  @Test
  void parametersOfAllModelsAreThePublishedOnesWithinOneAndAHalfPercent() {
    assertThat(CATALOGUE.models()).hasSize(18);
    for (ModelShape model : CATALOGUE.models()) {
      double published = model.publishedParameters().orElseThrow();
      assertThat(model.parameters() / published).as(model.name()).isCloseTo(1, within(0.015));
    }
  }

  @Test
  void llamaIsCountedToTheLastParameter() {
    // 32 layers of q, o (4096^2), k, v (4096 x 1024), three of 4096 x 14336, two norms; embeddings
    // and head
    long layer = 2L * 4096 * 4096 + 2L * 4096 * 1024 + 3L * 4096 * 14336 + 2 * 4096;
    long all = 32 * layer + 4096 + 2L * 128256 * 4096;
    assertThat(CATALOGUE.model("Llama-3.1-8B").parameters())
        .isEqualTo(all)
        .isEqualTo(8_030_261_248L);
  }

  @Test
  void activeParametersLeaveOutTheExpertsThatATokenDoesNotPass() {
    ModelShape model = CATALOGUE.model("Qwen3-30B-A3B");
    long expert = 3L * 2048 * 768;
    assertThat(model.parameters() - model.activeParameters()).isEqualTo(48L * 120 * expert);
    assertThat(CATALOGUE.model("R1").activeParameters() / 37e9).isCloseTo(1, within(0.015));
  }

  @Test
  void cacheBytesOfATokenAreTwoTensorsOfAllLayersOrTheLatent() {
    Map<String, Long> bytes = new LinkedHashMap<>();
    bytes.put("Llama-3.1-8B", 2L * 32 * 8 * 128 * 2);
    bytes.put("Llama-3.1-70B", 2L * 80 * 8 * 128 * 2);
    bytes.put("Qwen3-8B", 2L * 36 * 8 * 128 * 2);
    bytes.put("Qwen2.5-0.5B", 2L * 24 * 2 * 64 * 2);
    bytes.put("Qwen3-235B-A22B", 2L * 94 * 4 * 128 * 2);
    bytes.put("DeepSeek-R1", 61L * (512 + 64) * 2);
    bytes.forEach((name, expected) ->
        assertThat(2 * CATALOGUE.model(name).kvNumbersPerToken()).as(name).isEqualTo(expected));
  }

  @Test
  void attentionOperationsAreTwoProductsOfEachHead() {
    // scores and values: 2 x 128 each, for 32 heads, 32 layers and 1000 keys
    assertThat(CATALOGUE.model("Llama-3.1-8B").attentionOperations(1000, true))
        .isEqualTo(2.0 * 1000 * 32 * 256 * 32);
    // absorbed, the latent is both key (with 64 rotary) and value
    assertThat(CATALOGUE.model("R1").attentionOperations(1000, true))
        .isEqualTo(2.0 * 1000 * 128 * (512 + 64 + 512) * 61);
    assertThat(CATALOGUE.model("R1").attentionOperations(1000, false))
        .isEqualTo(2.0 * 1000 * 128 * (128 + 64 + 128) * 61);
  }

  @Test
  void aConfigJsonGivesTheSameShapeAsTheCatalogue() {
    ModelShape read =
        ModelFiles.config(
            "config.json",
            """
            {"model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36,
             "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
             "intermediate_size": 12288, "vocab_size": 151936, "tie_word_embeddings": false}
            """);
    ModelShape known = CATALOGUE.model("Qwen3-8B");
    assertThat(read.parameters()).isEqualTo(known.parameters());
    assertThat(read.kvNumbersPerToken()).isEqualTo(known.kvNumbersPerToken());
  }

  @Test
  void aConfigJsonWithExpertsAndLatentAttentionIsRead() {
    ModelShape read =
        ModelFiles.config(
            "config.json",
            """
            {"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
             "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
             "vocab_size": 129280, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
             "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 256,
             "num_experts_per_tok": 8, "n_shared_experts": 1, "moe_intermediate_size": 2048,
             "first_k_dense_replace": 3, "n_group": 8, "topk_group": 4}
            """);
    assertThat(read.parameters()).isEqualTo(CATALOGUE.model("R1").parameters());
  }

  @Test
  void aConfigJsonWithoutWhatIsNeededSaysWhatIsMissing() {
    assertThatThrownBy(() -> ModelFiles.config("x/config.json", "{\"hidden_size\": 64}"))
        .hasMessage(
            "x/config.json line 1: expected 'num_attention_heads', got nothing; add it there");
    assertThatThrownBy(() -> ModelFiles.config("x/config.json", "{\"hidden_size\": "))
        .hasMessageContaining("x/config.json line 1 column")
        .hasMessageContaining("expected valid JSON");
  }

  @Test
  void aGgufHeaderGivesTheShape() throws IOException {
    Path file = folder.resolve("tiny.gguf");
    Files.write(file, gguf());
    ModelShape shape = CATALOGUE.model(file.toString());
    assertThat(shape.name()).isEqualTo("Tiny");
    assertThat(shape.layers()).isEqualTo(32);
    assertThat(shape.parameters()).isEqualTo(CATALOGUE.model("Llama-3.1-8B").parameters());
  }

  @Test
  void aGgufThatEndsEarlyIsToldAndSoIsAnotherFile() throws IOException {
    Path file = folder.resolve("cut.gguf");
    byte[] whole = gguf();
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> CATALOGUE.model(file.toString()))
        .hasMessageContaining("expected GGUF metadata, got the end of the file");
    Files.writeString(file, "not a model at all, but text");
    assertThatThrownBy(() -> CATALOGUE.model(file.toString()))
        .hasMessageContaining("expected the letters GGUF");
  }

  /** The metadata of a Llama-3.1-8B, with an array between. */
  private static byte[] gguf() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write("GGUF".getBytes(StandardCharsets.US_ASCII));
    little(out, 3, 4);
    little(out, 0, 8);
    Map<String, Integer> numbers = new LinkedHashMap<>();
    numbers.put("llama.block_count", 32);
    numbers.put("llama.embedding_length", 4096);
    numbers.put("llama.feed_forward_length", 14336);
    numbers.put("llama.attention.head_count", 32);
    numbers.put("llama.attention.head_count_kv", 8);
    numbers.put("llama.vocab_size", 128256);
    little(out, numbers.size() + 3L, 8);
    text(out, "general.architecture");
    little(out, 8, 4);
    text(out, "llama");
    text(out, "general.name");
    little(out, 8, 4);
    text(out, "Tiny");
    text(out, "tokenizer.ggml.tokens");
    little(out, 9, 4);
    little(out, 8, 4);
    little(out, 2, 8);
    for (String token : List.of("a", "b")) {
      text(out, token);
    }
    for (var number : numbers.entrySet()) {
      text(out, number.getKey());
      little(out, 4, 4);
      little(out, number.getValue(), 4);
    }
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) throws IOException {
    little(out, text.length(), 8);
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void little(ByteArrayOutputStream out, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >> (8 * i)));
    }
  }
}
