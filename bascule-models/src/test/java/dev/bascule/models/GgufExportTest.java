package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model that is written as GGUF and read again is the same model, to the bit. */
class GgufExportTest {
  private static final WeightType F32 = new WeightType.Floats(DType.F32);

  @TempDir private Path folder;

  static List<Path> decoders() {
    return Oracles.decoders();
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void aFamilyComesBackWithTheSameBits(Path model) throws IOException {
    int[] ids = Arrays.copyOf(Oracles.answer(model).ids()[0], 12);
    Path path = folder.resolve("model.gguf");
    float[] expected;
    try (HuggingFaceFolder files = HuggingFaceFolder.open(model)) {
      DecoderConfig config = DecoderConfig.of(files);
      try (Weights weights = Weights.of(config, files)) {
        expected = logits(config, weights, ids);
        GgufExport.write(config, weights, F32, GgufMetadata.empty(), path);
      }
    }
    try (GgufFile file = GgufFile.open(path)) {
      DecoderConfig config = DecoderConfig.of(file);
      try (Weights weights = Weights.of(config, file)) {
        assertThat(logits(config, weights, ids)).isEqualTo(expected);
      }
    }
  }

  @Test
  void whatLlamaCppWroteIsWrittenAgainTensorByTensor() throws IOException {
    Path original = Oracles.path("stories260K/stories260K-F32.gguf");
    Path path = folder.resolve("again.gguf");
    try (GgufFile file = GgufFile.open(original)) {
      DecoderConfig config = DecoderConfig.of(file);
      try (Weights weights = Weights.of(config, file)) {
        GgufExport.write(config, weights, F32, file.metadata(), path);
      }
      try (GgufFile again = GgufFile.open(path)) {
        assertThat(again.tensors().keySet())
            .containsExactlyInAnyOrderElementsOf(file.tensors().keySet());
        file.tensors()
            .forEach((name, tensor) -> {
              float[] values = new float[(int) tensor.elements()];
              float[] copies = values.clone();
              tensor.readFloats(0, values, 0, values.length);
              again.tensor(name).readFloats(0, copies, 0, copies.length);
              assertThat(copies).as(name).isEqualTo(values);
            });
        assertThat(descriptions(again)).containsAll(descriptions(file));
      }
    }
  }

  private static List<String> descriptions(GgufFile file) {
    return file.metadata().entries().stream().map(Object::toString).toList();
  }

  private static float[] logits(DecoderConfig config, Weights weights, int[] ids) {
    Graph graph = Decoder.graph(config, weights, Run.limits(16, ids.length, CacheType.F32));
    try (Run run = Run.onReference(graph)) {
      return run.logits(weights, ids.length, ids);
    }
  }
}
