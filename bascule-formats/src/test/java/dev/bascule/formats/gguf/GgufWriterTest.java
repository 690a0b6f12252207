package dev.bascule.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {
  @TempDir private Path folder;

  private static void copy(Path from, Path to) throws IOException {
    try (GgufFile file = GgufFile.open(from)) {
      List<OutgoingTensor> tensors =
          file.tensors().values().stream().map(StoredTensor::outgoing).toList();
      GgufWriter.write(to, file.metadata(), tensors);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stories260K/stories260K-F32.gguf",
        "stories260K/stories260K-Q8_0.gguf",
        "tokenizers/ggml-vocab-bert-bge.gguf",
        "tokenizers/ggml-vocab-deepseek-llm.gguf",
        "tokenizers/ggml-vocab-gpt-2.gguf",
        "tokenizers/ggml-vocab-llama-spm.gguf"
      })
  void whatWasReadIsWrittenByteForByte(String name) throws IOException {
    Path original = Oracles.path(name);
    Path copied = folder.resolve("copy.gguf");
    copy(original, copied);
    assertThat(Files.mismatch(original, copied)).isEqualTo(-1);
  }

  @Test
  void metadataOfEveryTypeSurvivesTwoTurns() throws IOException {
    Path sample = Files.write(folder.resolve("sample.gguf"), GgufBytes.sample().bytes());
    Path once = folder.resolve("once.gguf");
    Path twice = folder.resolve("twice.gguf");
    copy(sample, once);
    copy(once, twice);
    assertThat(Files.mismatch(once, twice)).isEqualTo(-1);
    byte[] padded = java.util.Arrays.copyOf(Files.readAllBytes(sample), (int) Files.size(once));
    assertThat(Files.readAllBytes(once)).isEqualTo(padded);
  }

  @Test
  void randomFilesComeBackAsTheyWere() throws IOException {
    long seed = 20;
    System.out.println("seed " + seed);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    for (int i = 0; i < 60; i++) {
      GgufMetadata metadata = metadata(random);
      List<OutgoingTensor> tensors = tensors(random);
      Path path = folder.resolve("random.gguf");
      GgufWriter.write(path, metadata, tensors);
      Path again = folder.resolve("again.gguf");
      try (GgufFile file = GgufFile.open(path)) {
        assertThat(file.metadata().values().keySet())
            .containsExactlyElementsOf(metadata.values().keySet());
        assertThat(file.tensors().values())
            .extracting(StoredTensor::toString)
            .containsExactlyElementsOf(
                tensors.stream()
                    .map(t -> FormatException.quote(t.name()) + " " + t.type() + t.dims())
                    .toList());
      }
      copy(path, again);
      assertThat(Files.mismatch(path, again)).isEqualTo(-1);
    }
  }

  private static GgufMetadata metadata(RandomGenerator random) {
    var values = new LinkedHashMap<String, GgufValue>();
    if (random.nextBoolean()) {
      values.put("general.alignment", GgufValue.u32(1L << random.nextInt(10)));
    }
    int count = random.nextInt(12);
    for (int i = 0; i < count; i++) {
      values.put("key." + i, value(random, 0));
    }
    return new GgufMetadata("random", values);
  }

  private static GgufValue value(RandomGenerator random, int depth) {
    GgufType[] types = GgufType.values();
    GgufType type = types[random.nextInt(types.length)];
    return switch (type) {
      case TEXT -> GgufValue.of("text " + Long.toString(random.nextLong(), 36));
      case ARRAY -> array(random, depth);
      default -> {
        int unused = 64 - type.bytes() * 8;
        yield new GgufValue.Scalar(type, random.nextLong() << unused >>> unused);
      }
    };
  }

  private static GgufValue array(RandomGenerator random, int depth) {
    int count = random.nextInt(5);
    if (depth < 3 && random.nextInt(4) == 0) {
      List<GgufValue> elements = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        elements.add(array(random, depth + 1));
      }
      return new GgufValue.Nested(elements);
    }
    return switch (random.nextInt(3)) {
      case 0 ->
          GgufValue.ofTexts(
              Stream.generate(() -> "é".repeat(random.nextInt(9))).limit(count).toList());
      case 1 -> GgufValue.ofIntegers(random.ints(count).toArray());
      default -> GgufValue.ofReals(new float[count]);
    };
  }

  private static List<OutgoingTensor> tensors(RandomGenerator random) {
    List<OutgoingTensor> tensors = new ArrayList<>();
    int count = random.nextInt(6);
    for (int i = 0; i < count; i++) {
      List<Long> dims = new ArrayList<>();
      int rank = random.nextInt(5);
      for (int axis = 0; axis < rank; axis++) {
        dims.add((long) random.nextInt(4));
      }
      StoredType type = StoredType.of(random.nextBoolean() ? DType.F32 : DType.I8);
      if (rank > 0 && random.nextBoolean()) {
        type = StoredType.of(dev.bascule.core.quant.QuantType.Q4_K);
        dims.set(rank - 1, 256L);
      }
      long elements = dims.stream().reduce(1L, Math::multiplyExact);
      byte[] bytes = new byte[(int) type.bytes(elements)];
      random.nextBytes(bytes);
      tensors.add(OutgoingTensor.of("tensor." + i, type, dims, MemorySegment.ofArray(bytes)));
    }
    return tensors;
  }

  private static OutgoingTensor tensor(String name, DType dtype, int bytes, Long... dims) {
    return OutgoingTensor.of(
        name, StoredType.of(dtype), List.of(dims), MemorySegment.ofArray(new byte[bytes]));
  }

  @Test
  void whatGgufCannotHoldIsRefusedBeforeAnythingIsWritten() {
    Path path = folder.resolve("new.gguf");
    assertThatThrownBy(() ->
            GgufWriter.write(path, GgufMetadata.empty(), List.of(tensor("w", DType.F8E4M3, 1, 1L))))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("new.gguf", "tensor 'w'", "a type that GGUF has", "f8e4m3");
    assertThatThrownBy(() ->
            GgufWriter.write(
                path, GgufMetadata.empty(), List.of(tensor("w", DType.I8, 1, 1L, 1L, 1L, 1L, 1L))))
        .hasMessageContaining("at most 4 dimensions");
    OutgoingTensor twice = tensor("w", DType.I8, 1, 1L);
    assertThatThrownBy(() -> GgufWriter.write(path, GgufMetadata.empty(), List.of(twice, twice)))
        .hasMessageContaining("each name once");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFailureInTheMiddleLeavesTheOldFileAndNothingElse() throws IOException {
    Path path = Files.writeString(folder.resolve("model.gguf"), "the old one");
    OutgoingTensor failing =
        new OutgoingTensor(
            "w",
            StoredType.of(DType.I8),
            List.of(4_000_000L),
            sink -> {
              sink.write(MemorySegment.ofArray(new byte[3_000_000]));
              throw new IOException("the disk is full");
            });
    assertThatThrownBy(() -> GgufWriter.write(path, GgufMetadata.empty(), List.of(failing)))
        .isInstanceOf(IOException.class);
    OutgoingTensor shortOne = tensor("w", DType.I8, 3, 4L);
    assertThatThrownBy(() -> GgufWriter.write(path, GgufMetadata.empty(), List.of(shortOne)))
        .hasMessageContaining("expected 4 bytes of content, got 3");
    assertThat(path).hasContent("the old one");
    assertThat(folder.toFile().list()).containsExactly("model.gguf");
  }

  @Test
  void aKilledProcessLeavesTheOldFile() throws IOException, InterruptedException {
    Path path = Files.writeString(folder.resolve("model.gguf"), "the old one");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Endless.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.getInputStream().read()).isEqualTo('w');
    process.destroyForcibly().waitFor();
    assertThat(path).hasContent("the old one");
    String[] files = folder.toFile().list();
    assertThat(files).hasSize(2).anyMatch(name -> name.endsWith(".partial"));
  }

  /** Writes the file of its argument and comes to no end. */
  static final class Endless {
    public static void main(String[] arguments) throws IOException {
      OutgoingTensor endless =
          new OutgoingTensor(
              "w",
              StoredType.of(DType.I8),
              List.of(1L << 40),
              sink -> {
                sink.write(MemorySegment.ofArray(new byte[3_000_000]));
                System.out.write('w');
                System.out.flush();
                try {
                  Thread.sleep(60_000);
                } catch (InterruptedException e) {
                  throw new IOException(e);
                }
              });
      GgufWriter.write(Path.of(arguments[0]), GgufMetadata.empty(), List.of(endless));
    }
  }
}
