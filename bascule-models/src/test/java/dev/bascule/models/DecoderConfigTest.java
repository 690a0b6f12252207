package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What model files say, in the spellings there are. */
class DecoderConfigTest {
  private static final String SIZES =
      "\"num_hidden_layers\": 2, \"hidden_size\": 64, \"num_attention_heads\": 4, "
          + "\"intermediate_size\": 128, \"vocab_size\": 100, \"max_position_embeddings\": 4096, ";

  @TempDir private Path folder;

  private DecoderConfig config(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), "{" + json + "}");
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), List.of());
    try (HuggingFaceFolder files = HuggingFaceFolder.open(folder)) {
      return DecoderConfig.of(files);
    }
  }

  @Test
  void theOldSpellingMeansTheSameAsTheNew() throws IOException {
    String llama = "\"model_type\": \"llama\", " + SIZES;
    DecoderConfig old = config(llama + "\"rope_theta\": 500000.0, \"torch_dtype\": \"float16\"");
    DecoderConfig now =
        config(
            llama
                + "\"dtype\": \"float16\", "
                + "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 500000.0}");
    assertThat(old).isEqualTo(now);
    assertThat(old.rope().theta()).isEqualTo(500_000f);
    assertThat(old.kvHeads()).isEqualTo(4);
    assertThat(old.headDim()).isEqualTo(16);
  }

  @Test
  void llama3ScalingLeavesFastPairsAndSlowsTheOthersDown() throws IOException {
    DecoderConfig config =
        config(
            "\"model_type\": \"llama\", \"head_dim\": 128, "
                + SIZES
                + "\"rope_theta\": 500000.0, \"rope_scaling\": {\"rope_type\": \"llama3\","
                + " \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
                + " \"original_max_position_embeddings\": 8192}");
    float[] frequencies = config.rope().frequencies();
    assertThat(frequencies[0]).isEqualTo(1f);
    assertThat(frequencies[63])
        .isCloseTo((float) (Math.pow(500_000, -126.0 / 128) / 8), within(1e-12f));
  }

  @Test
  void yarnIsThatOfDeepSeek() throws IOException {
    DecoderConfig config =
        config(
            "\"model_type\": \"deepseek_v3\", "
                + SIZES
                + "\"q_lora_rank\": 48, \"kv_lora_rank\": 32, \"qk_nope_head_dim\": 128,"
                + " \"qk_rope_head_dim\": 64, \"v_head_dim\": 128, \"n_routed_experts\": 8,"
                + " \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32,"
                + " \"rope_theta\": 10000, \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 40,"
                + " \"beta_fast\": 32, \"beta_slow\": 1, \"mscale\": 1.0, \"mscale_all_dim\": 1.0,"
                + " \"original_max_position_embeddings\": 4096}");
    // source: DeepSeek-V3's own model.py, whose ramp goes from pair 10 to pair 23
    float[] frequencies = config.rope().frequencies();
    assertThat(frequencies[10]).isEqualTo((float) Math.pow(10_000, -20.0 / 64));
    assertThat(frequencies[23]).isEqualTo((float) (Math.pow(10_000, -46.0 / 64) / 40));
    assertThat(frequencies[16])
        .isCloseTo((float) (Math.pow(10_000, -0.5) * (7.0 / 13 + 6.0 / 13 / 40)), within(1e-9f));
    double growth = 0.1 * Math.log(40) + 1;
    assertThat(config.scoreScale())
        .isCloseTo((float) (growth * growth / Math.sqrt(192)), within(1e-8f));
    assertThat(config.rope().amplitude()).isEqualTo(1);
  }

  @Test
  void yarnOfOtherModelsGrowsTheTurnedPartsAlone() throws IOException {
    DecoderConfig config =
        config(
            "\"model_type\": \"qwen3\", "
                + SIZES
                + "\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0,"
                + " \"original_max_position_embeddings\": 32768}");
    assertThat(config.rope().amplitude()).isCloseTo(0.1 * Math.log(4) + 1, within(1e-8));
    assertThat(config.scoreScale()).isEqualTo(0.25f);
  }

  @Test
  void anUnknownArchitectureIsAnErrorThatListsTheKnownOnes() {
    assertThatThrownBy(() -> config(SIZES + "\"model_type\": \"mamba\""))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("deepseek_v2, deepseek_v3, glm4, glm4_moe, kimi_k2, llama, mistral")
        .hasMessageContaining("'mamba'");
  }

  @Test
  void anUnknownArchitectureOfAGgufFileToo() throws IOException {
    Path path = folder.resolve("mamba.gguf");
    GgufMetadata metadata =
        GgufMetadata.empty().with("general.architecture", GgufValue.of("mamba"));
    GgufWriter.write(path, metadata, List.of());
    try (GgufFile file = GgufFile.open(path)) {
      assertThatThrownBy(() -> DecoderConfig.of(file))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("deepseek2, glm4, glm4moe, llama, qwen2, qwen3, qwen3moe");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"num_attention_heads\": 0 | num_attention_heads: expected a whole number from 1 to 16384",
        "\"num_hidden_layers\": 1000000000 | num_hidden_layers: expected a whole number from 1 to",
        "\"num_key_value_heads\": 3 | num_key_value_heads: expected a divisor of",
        "\"num_key_value_heads\": 8 | num_key_value_heads: expected a whole number from 1 to 4",
        "\"head_dim\": 7 | head_dim: expected an even number of elements to turn, got 7",
        "\"hidden_size\": 3 | num_attention_heads: expected at most one for each of hidden_size, 3",
        "\"rms_norm_eps\": 1e308 | rms_norm_eps: expected a number from 0.0 to 1.0, got 1.0E308",
        "\"rope_theta\": 1e308 | rope_theta: expected a number from 2.0 to 1.0E30",
        "\"partial_rotary_factor\": -1 | partial_rotary_factor: expected a number from 0.0 to 1.0",
        "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0} | rope_scaling.factor: expected",
      })
  void whatNoDecoderCanBeIsRefusedByItsKey(String changed, String message) {
    String key = changed.substring(0, changed.indexOf(':') + 1);
    String sizes = SIZES.replaceAll(key + " [0-9]+, ", "");
    assertThatThrownBy(() -> config("\"model_type\": \"llama\", " + sizes + changed))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("config.json, " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "expert_used_count | 9 | expert_used_count': expected a whole number from 1 to 8, got 9",
        "expert_group_count | 3 | expert_group_count': expected a divisor of the 8 experts, got 3",
        "expert_count | 1000000000 | expert_count': expected a whole number from 0 to 16384",
        "rope.dimension_count | 9 | rope.dimension_count': expected an even number of a key's 16",
        "block_count | 1 | nextn_predict_layers': expected a whole number from 0 to 0, got 1",
      })
  void metadataThatNoDecoderCanHaveAreRefusedByTheirKey(String key, long value, String message)
      throws IOException {
    Path path = folder.resolve("model.gguf");
    GgufMetadata others =
        GgufMetadata.empty().with("deepseek2.nextn_predict_layers", GgufValue.u32(1));
    try (DecoderModel model = DecoderModel.open(Oracles.resources().resolve("deepseek_v3-yarn"))) {
      GgufExport.write(
          model.config(), model.weights(), new WeightType.Floats(DType.F32), others, path);
    }
    try (GgufFile file = GgufFile.open(path)) {
      GgufWriter.write(
          path,
          file.metadata().with("deepseek2." + key, GgufValue.u32(value)),
          file.tensors().values().stream().map(StoredTensor::outgoing).toList());
    }
    assertThatThrownBy(() -> DecoderModel.open(path))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("model.gguf")
        .hasMessageContaining(message);
  }

  @Test
  void aScalingThatIsNotKnownIsNotLeftOut() {
    assertThatThrownBy(() ->
            config(
                "\"model_type\": \"llama\", "
                    + SIZES
                    + "\"rope_scaling\": {\"rope_type\": \"longrope\"}"))
        .hasMessageContaining("default, dynamic, linear, llama3 or yarn")
        .hasMessageContaining("'longrope'");
  }

  @Test
  void theWindowOfAttentionIsReadWhereAllLayersHaveIt() throws IOException {
    String window = SIZES + "\"sliding_window\": 1024";
    assertThat(config("\"model_type\": \"mistral\", " + window).window()).hasValue(1024);
    String qwen = "\"model_type\": \"qwen2\", " + window;
    String used = qwen + ", \"use_sliding_window\": true, \"max_window_layers\": ";
    assertThat(config(qwen).window()).isEmpty();
    assertThat(config(used + "0").window()).hasValue(1024);
    assertThat(config(used + "2").window()).isEmpty();
    assertThatThrownBy(() -> config(used + "1"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("0, or all 2 layers");
  }

  @Test
  void aCacheLargerThanADynamicRotationIsKnownForIsRefused() throws IOException {
    DecoderConfig config =
        config(
            "\"model_type\": \"llama\", "
                + SIZES
                + "\"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 2.0}");
    assertThat(config.positionsMax()).hasValue(4096);
    try (Weights weights = SyntheticModel.random(config, new WeightType.Floats(DType.F32), 1)) {
      assertThatThrownBy(() -> Decoder.graph(config, weights, Run.limits(8192, 1, CacheType.F32)))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("known for 4096 positions");
    }
  }

  @Test
  void aTensorOfTheWrongSizeIsNamed() throws IOException {
    Path original = Oracles.path("stories260K/stories260K-F32.gguf");
    try (GgufFile file = GgufFile.open(original)) {
      Path path = folder.resolve("wrong.gguf");
      GgufMetadata wrong = file.metadata().with("llama.feed_forward_length", GgufValue.u32(170));
      GgufWriter.write(
          path, wrong, file.tensors().values().stream().map(StoredTensor::outgoing).toList());
      try (DecoderModel model = DecoderModel.open(path)) {
        assertThatThrownBy(() -> model.weights().matrix(Role.GATE, 0))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining("'blk.0.ffn_gate.weight'")
            .hasMessageContaining("[170, 64]")
            .hasMessageContaining("[172, 64]");
      }
    }
  }
}
