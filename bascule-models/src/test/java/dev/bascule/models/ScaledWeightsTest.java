package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.safetensors.SafetensorsFile;
import dev.bascule.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in 8-bit floats with a scale for each block, as DeepSeek publishes them. */
class ScaledWeightsTest {
  /** So that small weights have several blocks, the last of them narrower. */
  private static final int BLOCK_ROWS = 12;

  private static final int BLOCK_COLUMNS = 20;

  private static final String STATED =
      "\"quantization_config\": {\"quant_method\": \"fp8\", \"fmt\": \"e4m3\","
          + " \"activation_scheme\": \"dynamic\", \"weight_block_size\": [12, 20]},";

  @TempDir private Path folder;

  static List<Path> models() throws IOException {
    try (Stream<Path> all = Files.list(Oracles.resources())) {
      return all.filter(model -> Files.exists(model.resolve("config.json"))).sorted().toList();
    }
  }

  /** The tensors of a model twice: scaled, and multiplied out in f64. */
  private static final class Pair {
    private final List<OutgoingTensor> scaled = new ArrayList<>();
    private final List<OutgoingTensor> plain = new ArrayList<>();
    private final Random random = new Random(11);

    void add(StoredTensor tensor) {
      if (!tensor.name().endsWith("_proj.weight") && !tensor.name().contains("_proj_with_mqa")) {
        byte[] bytes = new byte[(int) tensor.byteSize()];
        tensor.copyTo(MemorySegment.ofArray(bytes));
        OutgoingTensor same =
            OutgoingTensor.of(
                tensor.name(), tensor.type(), tensor.dims(), MemorySegment.ofArray(bytes));
        scaled.add(same);
        plain.add(same);
        return;
      }
      int rows = Math.toIntExact(tensor.dims().get(0));
      int columns = Math.toIntExact(tensor.dims().get(1));
      int across = Math.ceilDiv(columns, BLOCK_COLUMNS);
      float[] scales = new float[Math.ceilDiv(rows, BLOCK_ROWS) * across];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = (float) Math.exp(random.nextGaussian()) / 500;
      }
      byte[] bytes = new byte[rows * columns];
      float[] values = new float[rows * columns];
      for (int i = 0; i < bytes.length; i++) {
        byte code = (byte) random.nextInt();
        bytes[i] = (code & 0x7F) == 0x7F ? 0 : code; // not a number
        float scale = scales[i / columns / BLOCK_ROWS * across + i % columns / BLOCK_COLUMNS];
        values[i] = (float) ((double) SmallFloats.e4m3ToFloat(bytes[i]) * (double) scale);
      }
      scaled.add(
          outgoing(tensor.name(), DType.F8E4M3, tensor.dims(), MemorySegment.ofArray(bytes)));
      List<Long> dims = List.of((long) scales.length / across, (long) across);
      String name = tensor.name() + "_scale_inv";
      scaled.add(outgoing(name, DType.F32, dims, MemorySegment.ofArray(scales)));
      plain.add(outgoing(tensor.name(), DType.F32, tensor.dims(), MemorySegment.ofArray(values)));
    }

    private static OutgoingTensor outgoing(
        String name, DType dtype, List<Long> dims, MemorySegment bytes) {
      return OutgoingTensor.of(name, StoredType.of(dtype), dims, bytes);
    }
  }

  private Pair pair(Path model) {
    Pair pair = new Pair();
    try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
      file.tensors().values().forEach(pair::add);
    }
    return pair;
  }

  private Path write(String name, Path model, String stated, List<OutgoingTensor> tensors)
      throws IOException {
    Path path = Files.createDirectory(folder.resolve(name));
    String config = Files.readString(model.resolve("config.json"));
    Files.writeString(path.resolve("config.json"), config.replaceFirst("\\{", "{" + stated));
    SafetensorsWriter.write(path.resolve("model.safetensors"), Map.of(), tensors);
    return path;
  }

  private static float[] logits(Path path) {
    try (DecoderModel model = DecoderModel.open(path)) {
      Graph graph =
          Decoder.graph(model.config(), model.weights(), Run.limits(16, 5, CacheType.F32));
      try (Run run = Run.onReference(graph)) {
        return run.logits(model.weights(), 5, 3, 1, 4, 1, 5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyFamilyGivesTheBitsOfWhatIsMultipliedOut(Path original) throws IOException {
    Pair pair = pair(original);
    Path scaled = write("scaled", original, STATED, pair.scaled);
    float[] expected = logits(write("plain", original, "", pair.plain));
    assertThat(logits(scaled)).isEqualTo(expected);
    Path file = folder.resolve("model.gguf");
    try (DecoderModel model = DecoderModel.open(scaled)) {
      WeightType f32 = new WeightType.Floats(DType.F32);
      assertThat(model.weights().type(Role.ATTENTION_OUTPUT, 0)).isEqualTo(f32);
      GgufExport.write(model.config(), model.weights(), f32, GgufMetadata.empty(), file);
    }
    assertThat(logits(file)).isEqualTo(expected);
  }

  @Test
  void scalesThatAreMissingOrOfAnotherShapeAreNamed() throws IOException {
    Path original = models().getFirst();
    Pair pair = pair(original);
    List<OutgoingTensor> without =
        pair.scaled.stream().filter(tensor -> !tensor.name().endsWith("_scale_inv")).toList();
    Path missing = write("missing", original, STATED, without);
    assertThatThrownBy(() -> logits(missing))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("_proj.weight_scale_inv' as f32[", "none of that name");
    Path other = write("other", original, STATED.replace("20]", "10]"), pair.scaled);
    assertThatThrownBy(() -> logits(other))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("its scales", "_scale_inv' f32[");
    Path unsaid = write("unsaid", original, "", pair.scaled);
    assertThatThrownBy(() -> logits(unsaid))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a quantization_config that says how it is scaled");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "awq", "bitsandbytes", "compressed-tensors", "mxfp4"})
  void otherWaysToQuantiseAreRefusedByTheirName(String method) throws IOException {
    Path original = models().getFirst();
    String stated = "\"quantization_config\": {\"quant_method\": \"" + method + "\"},";
    Path path = write(method, original, stated, List.of());
    assertThatThrownBy(() -> DecoderModel.open(path))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("config.json, quantization_config.quant_method: expected 'fp8'")
        .hasMessageContaining("got '" + method + "'")
        .hasMessageContaining("a GGUF of it");
  }

  @Test
  void eightBitFloatsWithoutBlocksAreRefused() throws IOException {
    Path original = models().getFirst();
    String stated = "\"quantization_config\": {\"quant_method\": \"fp8\"},";
    Path path = write("whole", original, stated, List.of());
    assertThatThrownBy(() -> DecoderModel.open(path))
        .hasMessageContaining("weight_block_size: expected the rows and columns of the blocks");
  }
}
