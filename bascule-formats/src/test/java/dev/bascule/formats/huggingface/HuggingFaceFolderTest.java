package dev.bascule.formats.huggingface;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceFolderTest {
  @TempDir private Path folder;

  private static HuggingFaceConfig config(String json) {
    return new HuggingFaceConfig(
        Json.parse(json.replace('\'', '"').getBytes(UTF_8), "config.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "llama, LlamaForCausalLM, 30, 10000, default",
    "llama3-rope, LlamaForCausalLM, 29, 500000, llama3",
    "qwen2, Qwen2ForCausalLM, 38, 1000000, default",
    "qwen3, Qwen3ForCausalLM, 35, 1000000, default",
    "qwen3_moe, Qwen3MoeForCausalLM, 102, 10000, default",
    "deepseek_v3, DeepseekV3ForCausalLM, 91, 10000, default",
    "glm4_moe, Glm4MoeForCausalLM, 97, 10000, default"
  })
  void realFoldersAreRead(
      String name, String architecture, int tensors, double theta, String rope) {
    try (HuggingFaceFolder model = HuggingFaceFolder.open(Oracles.path("llm/" + name))) {
      assertThat(model.config().architecture()).contains(architecture);
      assertThat(model.config().dtype()).contains(DType.F32);
      assertThat(model.config().rope().theta()).isEqualTo(theta);
      assertThat(model.config().rope().type()).isEqualTo(rope);
      assertThat(model.tensors()).hasSize(tensors);
      assertThat(model.generationConfig().orElseThrow().get("eos_token_id").integer(0, 9))
          .isEqualTo(2);
      assertThat(model.tokenizer()).isEmpty();
    }
  }

  @Test
  void bothSpellingsOfTheSameConfigurationMeanTheSame() {
    HuggingFaceConfig old =
        config(
            "{'torch_dtype':'bfloat16','rope_theta':500000.0,'rope_scaling':"
                + "{'factor':8.0,'original_max_position_embeddings':8192,'rope_type':'llama3'}}");
    HuggingFaceConfig current =
        config(
            "{'dtype':'bfloat16','rope_parameters':{'rope_theta':500000,'factor':8.0,"
                + "'original_max_position_embeddings':8192,'rope_type':'llama3'}}");
    for (HuggingFaceConfig config : new HuggingFaceConfig[] {old, current}) {
      assertThat(config.dtype()).contains(DType.BF16);
      assertThat(config.rope().theta()).isEqualTo(500_000);
      assertThat(config.rope().type()).isEqualTo("llama3");
      assertThat(config.rope().parameters().get("factor").real()).isEqualTo(8);
    }
    HuggingFaceConfig older = config("{'rope_scaling':{'type':'yarn','factor':4}}");
    assertThat(older.rope().type()).isEqualTo("yarn");
    assertThat(config("{'rope_theta':10000,'rope_scaling':null}").rope().type())
        .isEqualTo("default");
    assertThat(config("{}").rope().theta()).isEqualTo(10_000);
    assertThat(config("{}").dtype()).isEmpty();
  }

  @Test
  void rotaryParametersThatDependOnTheLayerAreNotTakenForOneSet() {
    String nested = "{'rope_parameters':{'full_attention':{'rope_type':'default'}}}";
    assertThatThrownBy(() -> config(nested).rope())
        .hasMessageContainingAll("rope_parameters", "one set of parameters for all layers");
    assertThatThrownBy(() -> config("{'rope_scaling':{'factor':4}}").rope())
        .hasMessageContainingAll("rope_scaling.type", "a text");
  }

  @Test
  void whatIsMissingOrWrongIsNamed() {
    HuggingFaceConfig config = config("{'hidden_size':'64','dtype':'int3','eos_token_id':[2,7]}");
    assertThatThrownBy(() -> config.integer("hidden_size", 1, 99))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(
            "config.json", "hidden_size", "a whole number from 1 to 99", "'64'");
    assertThatThrownBy(() -> config.integer("vocab_size", 1, 99))
        .hasMessageContainingAll("vocab_size", "null or nothing");
    assertThatThrownBy(config::dtype).hasMessageContainingAll("dtype", "bfloat16", "'int3'");
    assertThatThrownBy(config::modelType).hasMessageContaining("model_type");
    assertThat(config.integer("vocab_size", 1, 99, 7)).isEqualTo(7);
    assertThat(config.real("rms_norm_eps", 0, 1, 1e-6)).isEqualTo(1e-6);
    assertThat(config.integers("eos_token_id", 0, 9)).containsExactly(2, 7);
    assertThat(config.integers("bos_token_id", 0, 9)).isEmpty();
    assertThatThrownBy(() -> config("[]")).hasMessageContaining("an object");
  }

  @Test
  void aFolderWithoutConfigurationOrWeightsIsRefusedWithTheRemedy() throws IOException {
    assertThatThrownBy(() -> HuggingFaceFolder.open(folder))
        .hasMessageContaining("a model's folder with config.json");
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThatThrownBy(() -> HuggingFaceFolder.open(folder))
        .hasMessageContainingAll("model.safetensors.index.json", "neither", "as they run code");
  }
}
