package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import dev.bascule.formats.json.Json;
import dev.bascule.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code inspect} and {@code quantize}, on small models. */
class InspectCommandTest {
  @TempDir private Path folder;

  private static OutgoingTensor tensor(String name, Long... dims) {
    int elements = (int) (long) List.of(dims).stream().reduce(1L, Math::multiplyExact);
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = i % 17 - 8;
    }
    MemorySegment bytes = MemorySegment.ofArray(values);
    return OutgoingTensor.of(name, StoredType.of(DType.F32), List.of(dims), bytes);
  }

  private static List<OutgoingTensor> tensors() {
    return List.of(
        tensor("blk.0.attn_q.weight", 4L, 256L),
        tensor("blk.0.attn_norm.weight", 256L),
        tensor("odd.weight", 2L, 100L));
  }

  private Path gguf() throws IOException {
    Path path = folder.resolve("model.gguf");
    GgufMetadata metadata =
        GgufMetadata.empty()
            .with("general.architecture", GgufValue.of("llama\u001b[31m"))
            .with("tokenizer.ggml.tokens", GgufValue.ofTexts(List.of("a", "b")));
    GgufWriter.write(path, metadata, tensors());
    return path;
  }

  @Test
  void aGgufIsDescribed() throws IOException {
    CommandLineRun run = CommandLineRun.of("inspect", gguf().toString(), "--tensors");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "GGUF version 3",
            "architecture  llama?[31m",
            "elements      1,480",
            "tensors       3, 5.9 kB",
            "f32        3 tensors",
            "32.00 bits each",
            "  tokenizer.ggml.tokens = text[2]",
            "[4, 256]",
            "blk.0.attn_q.weight")
        .doesNotContain("\u001b");
  }

  @Test
  void aFolderIsDescribedForPrograms() throws IOException {
    Files.writeString(
        folder.resolve("config.json"), "{\"model_type\":\"qwen3\",\"hidden_size\":64}");
    SafetensorsWriter.writeFolder(folder, Map.of(), tensors(), 2000);
    CommandLineRun run = CommandLineRun.of("inspect", folder.toString(), "--json", "--tensors");
    assertThat(run.code()).as(run.err()).isZero();
    Json json = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
    assertThat(json.get("format").text()).isEqualTo("Hugging Face folder");
    assertThat(json.get("architecture").text()).isEqualTo("qwen3");
    assertThat(json.get("bytes").integer(0, 99_999)).isEqualTo(5920);
    assertThat(json.get("metadata").get("hidden_size").text()).isEqualTo("64");
    assertThat(json.get("types").elements().getFirst().get("tensors").integer(0, 9)).isEqualTo(3);
    assertThat(json.get("tensors").elements()).hasSize(3);
  }

  @Test
  void whatIsNoModelIsAWrongRequest() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.txt"), "not a model");
    CommandLineRun run = CommandLineRun.of("inspect", text.toString());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("notes.txt", "a GGUF file", "another format");
    assertThat(CommandLineRun.of("inspect", folder.toString()).err()).contains("config.json");
  }

  @Test
  void quantizeWritesASmallerModelAndSaysWhatStayed() throws IOException {
    Path out = folder.resolve("small.gguf");
    CommandLineRun run =
        CommandLineRun.of("quantize", gguf().toString(), out.toString(), "--type", "q4_k");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "became",
            "1 tensor: converted",
            "1 tensor: one dimension: norms and biases stay",
            "1 tensor: rows are no whole blocks: stays");
    try (GgufFile file = GgufFile.open(out)) {
      assertThat(file.tensor("blk.0.attn_q.weight"))
          .hasToString("'blk.0.attn_q.weight' q4_k[4, 256]");
    }
  }

  @Test
  void quantizeRefusesWhatItCannotDo() throws IOException {
    String in = gguf().toString();
    String out = folder.resolve("small.gguf").toString();
    CommandLineRun type = CommandLineRun.of("quantize", in, out, "--type", "q2_k");
    assertThat(type.code()).isEqualTo(2);
    assertThat(type.err()).contains("q8_0, q4_k, q5_k, q6_k", "'q2_k'");
    assertThat(CommandLineRun.of("quantize", in, in, "--type", "q8_0").err()).contains("one file");
    assertThat(CommandLineRun.of("quantize", folder.toString(), out, "--type", "q8_0").err())
        .contains("a model's folder with config.json");
    assertThat(CommandLineRun.of("quantize", in, out, "--type", "q8_0").code()).isZero();
    CommandLineRun twice = CommandLineRun.of("quantize", out, in, "--type", "q4_0", "--force");
    assertThat(twice.code()).isEqualTo(2);
    assertThat(twice.err()).contains("not quantised yet");
  }
}
