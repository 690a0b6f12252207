package dev.bascule.formats.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizerTest {
  @TempDir private Path folder;

  private static OutgoingTensor tensor(String name, Long... dims) {
    int elements = (int) (long) List.of(dims).stream().reduce(1L, Math::multiplyExact);
    Random random = new Random(elements);
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextGaussian();
    }
    MemorySegment bytes = MemorySegment.ofArray(values);
    return OutgoingTensor.of(name, StoredType.of(DType.F32), List.of(dims), bytes);
  }

  private Path model(OutgoingTensor... tensors) throws IOException {
    Path path = folder.resolve("model.gguf");
    GgufMetadata metadata =
        GgufMetadata.empty().with("general.architecture", GgufValue.of("llama"));
    GgufWriter.write(path, metadata, List.of(tensors));
    return path;
  }

  private Path quantize(Path from, QuantType type, boolean again, int threads) throws IOException {
    Path to = folder.resolve(type + "-" + threads + ".gguf");
    try (GgufFile file = GgufFile.open(from);
        Quantizer quantizer = new Quantizer(new WeightType.Blocks(type), again, threads)) {
      List<String> heard = new ArrayList<>();
      quantizer.write(file, to, heard::add);
      assertThat(heard).hasSize((int) quantizer.pieces(file));
    }
    return to;
  }

  @Test
  void matricesAreQuantisedAndTheRestStays() throws IOException {
    Path from =
        model(
            tensor("blk.0.attn_q.weight", 3L, 256L),
            tensor("blk.0.ffn_up_exps.weight", 2L, 3L, 256L),
            tensor("blk.0.attn_norm.weight", 256L),
            tensor("blk.0.ffn_gate_inp.weight", 4L, 256L),
            tensor("odd.weight", 2L, 192L));
    try (GgufFile file = GgufFile.open(quantize(from, QuantType.Q4_K, false, 2))) {
      StoredType q4k = StoredType.of(QuantType.Q4_K);
      StoredType f32 = StoredType.of(DType.F32);
      assertThat(file.tensors().values())
          .extracting(StoredTensor::type)
          .containsExactly(q4k, q4k, f32, f32, f32);
      assertThat(file.metadata().get("general.file_type").integer(0, 99)).isEqualTo(14);
      assertThat(file.metadata().get("general.quantization_version").integer(0, 9)).isEqualTo(2);
      assertThat(file.architecture()).isEqualTo("llama");
    }
  }

  @Test
  void anyNumberOfThreadsGivesTheSameFile() throws IOException {
    Path from = model(tensor("a.weight", 700L, 512L), tensor("b.weight", 3L, 256L));
    Path one = quantize(from, QuantType.Q4_0, false, 1);
    Path four = quantize(from, QuantType.Q4_0, false, 4);
    assertThat(Files.mismatch(one, four)).isEqualTo(-1);
  }

  @Test
  void aRealModelInQ8HasTheTensorsThatLlamaCppMakes() throws IOException {
    Path from = Oracles.path("stories260K/stories260K-F32.gguf");
    Path oracle = Oracles.path("stories260K/stories260K-Q8_0.gguf");
    try (GgufFile ours = GgufFile.open(quantize(from, QuantType.Q8_0, false, 2));
        GgufFile theirs = GgufFile.open(oracle)) {
      for (StoredTensor tensor : theirs.tensors().values()) {
        StoredTensor same = ours.tensor(tensor.name());
        assertThat(same).hasToString(tensor.toString());
        byte[] expected = new byte[(int) tensor.byteSize()];
        byte[] got = new byte[expected.length];
        tensor.copyTo(MemorySegment.ofArray(expected));
        same.copyTo(MemorySegment.ofArray(got));
        assertThat(got).as(tensor.toString()).isEqualTo(expected);
      }
    }
  }

  @Test
  void whatIsQuantisedAlreadyIsNotQuantisedAgainUnasked() throws IOException {
    Path once = quantize(model(tensor("a.weight", 2L, 256L)), QuantType.Q8_0, false, 1);
    assertThatThrownBy(() -> quantize(once, QuantType.Q4_K, false, 1))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("'a.weight'", "not quantised yet", "q8_0");
    try (GgufFile file = GgufFile.open(quantize(once, QuantType.Q4_K, true, 1))) {
      assertThat(file.tensor("a.weight").type()).isEqualTo(StoredType.of(QuantType.Q4_K));
    }
    Path same = quantize(once, QuantType.Q8_0, false, 2);
    assertThat(Files.mismatch(once, same)).isEqualTo(-1);
  }

  @Test
  void aWeightThatIsNoNumberIsNamedAndNoFileIsLeft() throws IOException {
    float[] values = new float[256];
    values[200] = Float.NaN;
    Path from =
        model(
            OutgoingTensor.of(
                "bad.weight",
                StoredType.of(DType.F32),
                List.of(1L, 256L),
                MemorySegment.ofArray(values)));
    assertThatThrownBy(() -> quantize(from, QuantType.Q6_K, false, 2))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("model.gguf", "'bad.weight' element 200", "65504", "NaN");
    assertThat(folder.toFile().list()).containsExactly("model.gguf");
  }
}
