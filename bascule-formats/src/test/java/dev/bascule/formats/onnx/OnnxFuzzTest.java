package dev.bascule.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.Fuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken models: half of the mutations know the structure, half do not. */
class OnnxFuzzTest {
  private static final Path TEST_DATA = Path.of("/usr/share/libonnx-testdata/data/node");
  private static final List<String> FOLDERS =
      List.of(
          "test_add",
          "test_if",
          "test_loop11",
          "test_constant",
          "test_gemm_default_matrix_bias",
          "test_if_seq",
          "test_sequence_map_add_2_sequences_expanded");

  @TempDir private Path folder;

  /**
   * Models with something of everything, those of the test data among them where they are
   * installed.
   */
  private static List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(sample());
    for (String name : FOLDERS) {
      Path path = TEST_DATA.resolve(name).resolve("model.onnx");
      if (Files.exists(path)) {
        seeds.add(Files.readAllBytes(path));
      }
    }
    return seeds;
  }

  private static byte[] sample() {
    Proto external =
        Proto.tensor("w2", 1, 2)
            .integer(14, 1)
            .message(13, Proto.message().text(1, "location").text(2, "fuzzed"));
    Proto inner =
        Proto.message()
            .text(2, "inner")
            .message(1, Proto.node("Neg", "n", "p", "z"))
            .message(12, Proto.value("z"));
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, Proto.value("x"))
            .message(5, Proto.tensor("w", 1, 2, 3).bytes(9, new byte[24]))
            .message(5, Proto.tensor("v", 10, 3).packed(5, 1, 2, 3))
            .message(5, Proto.tensor("i", 7, 2).integer(7, 4).integer(7, -5))
            .message(5, Proto.tensor("s", 8, 2).text(6, "a").text(6, "b"))
            .message(5, external)
            .message(
                15,
                Proto.message()
                    .message(1, Proto.tensor("sp", 1, 1).fixed32(4, 1))
                    .message(2, Proto.tensor("", 7, 1).packed(7, 2))
                    .integer(3, 4))
            .message(1, Proto.node("Add", "a", "x,w", "p"))
            .message(
                1,
                Proto.node("If", "b", "p", "q")
                    .message(
                        5, Proto.message().text(1, "then_branch").integer(20, 5).message(6, inner)))
            .message(12, Proto.value("q"));
    return Proto.model(graph);
  }

  private static void read(Path path) {
    try (OnnxFile file = OnnxFile.open(path)) {
      for (OnnxTensor tensor : file.model().graph().initializers()) {
        if (tensor.type() == OnnxDataType.STRING) {
          tensor.toStrings();
        } else {
          tensor.toBytes();
        }
      }
    }
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    List<byte[]> seeds = seeds();
    return Fuzz.run(
        folder,
        seed,
        cases,
        random -> {
          byte[] original = seeds.get(random.nextInt(seeds.size()));
          if (random.nextBoolean()) {
            return Fuzz.mutate(original, random);
          }
          ProtoTree tree = new ProtoTree(original, "model");
          tree.mutate(random);
          return tree.toBytes();
        },
        OnnxFuzzTest::read);
  }

  @Test
  void brokenModelsAreRefusedAndNothingElseHappens() throws IOException {
    Fuzz.Outcome outcome = fuzz(folder, 1, 6000);
    assertThat(outcome.refused()).isGreaterThan(2000);
    assertThat(outcome.accepted()).isGreaterThan(500);
  }

  @Test
  void theSamplesThemselvesAreAccepted() throws IOException {
    for (byte[] seed : seeds()) {
      Path path = Files.write(folder.resolve("fuzzed"), new ProtoTree(seed, "model").toBytes());
      OnnxFile.open(path).close();
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
