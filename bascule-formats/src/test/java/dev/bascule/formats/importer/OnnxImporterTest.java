package dev.bascule.formats.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Reference;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.onnx.Proto;
import dev.bascule.formats.onnx.ProtoTree;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxImporterTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final Path TEST_DATA = Path.of("/usr/share/libonnx-testdata/data/node");

  @TempDir private Path folder;

  /** An input or output; dimensions are numbers or names. */
  private static Proto value(String name, int type, String... dims) {
    Proto shape = Proto.message();
    for (String dim : dims) {
      boolean isNumber = dim.matches("[0-9]+");
      shape.message(
          1,
          isNumber
              ? Proto.message().integer(1, Long.parseLong(dim))
              : Proto.message().text(2, dim));
    }
    Proto tensor = Proto.message().integer(1, type).message(2, shape);
    return Proto.message().text(1, name).message(2, Proto.message().message(1, tensor));
  }

  private static Proto longs(String name, long... values) {
    return Proto.tensor(name, INT64, values.length).packed(7, values);
  }

  private static Proto attribute(String name, long value) {
    return Proto.message().text(1, name).integer(3, value).integer(20, 2);
  }

  private ImportedModel load(int opset, Proto graph, ImportOptions options) throws IOException {
    return load(
        Proto.message()
            .integer(1, 8)
            .message(8, Proto.message().integer(2, opset))
            .message(7, graph)
            .toBytes(),
        options);
  }

  private ImportedModel load(byte[] model, ImportOptions options) throws IOException {
    try (OnnxFile file = OnnxFile.open(Files.write(folder.resolve("m.onnx"), model))) {
      return OnnxImporter.load(file, Arena.ofAuto(), options);
    }
  }

  private static Tensor run(ImportedModel model, Map<String, Tensor> inputs) {
    return Objects.requireNonNull(Reference.run(model.graph(), inputs).get("y"));
  }

  private static Tensor ramp(long... extents) {
    int elements = 1;
    for (long extent : extents) {
      elements *= (int) extent;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = i;
    }
    return Tensor.of(values, extents);
  }

  /** Reshapes x [batch, 6] to [batch, 2, 3], with batch taken from the shape of x. */
  private static Proto shapeArithmetic() {
    return Proto.message()
        .text(2, "main")
        .message(11, value("x", FLOAT, "batch", "6"))
        .message(5, longs("zero", 0))
        .message(5, longs("rest", 2, -1))
        .message(1, Proto.node("Shape", "s", "x", "shape"))
        .message(1, Proto.node("Gather", "g", "shape,zero", "batch"))
        .message(
            1, Proto.node("Concat", "c", "batch,rest", "target").message(5, attribute("axis", 0)))
        .message(1, Proto.node("Reshape", "r", "x,target", "y"))
        .message(12, value("y", FLOAT, "batch", "2", "3"));
  }

  @Test
  void shapesAreFollowedAsDimensions() throws IOException {
    ImportedModel model = load(17, shapeArithmetic(), ImportOptions.usual());
    assertThat(Objects.requireNonNull(model.graph().outputs().get("y")).type().toString())
        .isEqualTo("f32[batch, 2, 3]");
    assertThat(model.specializedOn()).isEmpty();
    for (long batch : new long[] {1, 5}) {
      Tensor y = run(model, Map.of("x", ramp(batch, 6)));
      assertThat(y.extents()).containsExactly(batch, 2, 3);
      assertThat(y.floats()).isEqualTo(ramp(batch, 6).floats());
    }
  }

  @Test
  void theRangeOfADimensionIsTheCallers() throws IOException {
    Map<String, Symbol> ranges = Map.of("batch", new Symbol("batch", 2, 8));
    ImportedModel model = load(17, shapeArithmetic(), ImportOptions.usual().withSymbols(ranges));
    assertThatThrownBy(() -> run(model, Map.of("x", ramp(9, 6))))
        .hasMessageContaining("outside its declared range [2, 8]");
  }

  @Test
  void aMissingOperatorIsNamedWithNodeOpsetAndDomain() {
    Proto graph = Proto.message().text(2, "main").message(11, value("x", FLOAT, "2"));
    assertThatThrownBy(() ->
            load(
                17,
                graph
                    .message(1, Proto.node("Frobnicate", "f1", "x", "y"))
                    .message(12, value("y", FLOAT)),
                ImportOptions.usual()))
        .isInstanceOfSatisfying(
            UnsupportedException.class, e -> assertThat(e.what()).isEqualTo("Frobnicate"))
        .hasMessageContainingAll(
            "m.onnx", "graph 'main' node 0 'f1' (Frobnicate)", "opset 17", "domain 'ai.onnx'");
  }

  @Test
  void anOperatorOfALaterVersionIsMissingBefore() throws IOException {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "2"))
            .message(1, Proto.node("Gelu", "", "x", "y"))
            .message(12, value("y", FLOAT));
    assertThatThrownBy(() -> load(19, graph, ImportOptions.usual()))
        .isInstanceOf(UnsupportedException.class);
    assertThat(run(load(20, graph, ImportOptions.usual()), Map.of("x", ramp(2))).floats()[0])
        .isZero();
    assertThatThrownBy(() -> load(99, graph, ImportOptions.usual()))
        .hasMessageContaining("operator set 1 to 25");
  }

  @Test
  void softmaxTookAllAxesFromTheGivenOneBeforeOpset13() throws IOException {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "1", "2", "2"))
            .message(1, Proto.node("Softmax", "", "x", "y").message(5, attribute("axis", 1)))
            .message(12, value("y", FLOAT));
    Tensor same = Tensor.of(new float[4], 1, 2, 2);
    assertThat(run(load(12, graph, ImportOptions.usual()), Map.of("x", same)).floats())
        .containsOnly(0.25f);
    assertThat(run(load(13, graph, ImportOptions.usual()), Map.of("x", same)).floats())
        .containsOnly(0.5f);
  }

  @Test
  void beforeOpset7AnAxisSaysWhereToBroadcast() throws IOException {
    Proto add =
        Proto.node("Add", "", "x,b", "y")
            .message(5, attribute("broadcast", 1))
            .message(5, attribute("axis", 0));
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "2", "2"))
            .message(11, value("b", FLOAT, "2"))
            .message(1, add)
            .message(12, value("y", FLOAT));
    Tensor y =
        run(
            load(6, graph, ImportOptions.usual()),
            Map.of("x", ramp(2, 2), "b", Tensor.of(new float[] {10, 20}, 2)));
    assertThat(y.floats()).containsExactly(10, 11, 22, 23);
  }

  @Test
  void theModelsOwnFunctionsAreInlinedWithTheirAttributes() throws IOException {
    Proto inner =
        Proto.node("LeakyRelu", "", "a", "b")
            .message(5, Proto.message().text(1, "alpha").text(21, "slope").integer(20, 1));
    Proto function =
        Proto.message()
            .text(1, "Leak")
            .text(10, "own")
            .text(4, "a")
            .text(5, "b")
            .text(6, "slope")
            .message(7, inner)
            .message(9, Proto.message().integer(2, 17));
    Proto call =
        Proto.node("Leak", "", "x", "y")
            .text(7, "own")
            .message(
                5,
                Proto.message()
                    .text(1, "slope")
                    .fixed32(2, Float.floatToIntBits(0.5f))
                    .integer(20, 1));
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "2"))
            .message(1, call)
            .message(12, value("y", FLOAT));
    byte[] bytes =
        Proto.message()
            .message(8, Proto.message().integer(2, 17))
            .message(8, Proto.message().text(1, "own").integer(2, 1))
            .message(7, graph)
            .message(25, function)
            .toBytes();
    Tensor y =
        run(load(bytes, ImportOptions.usual()), Map.of("x", Tensor.of(new float[] {-4, 4}, 2)));
    assertThat(y.floats()).containsExactly(-2, 4);
  }

  @Test
  void aShapeThatIsAnInputNeedsItsValueAndSaysSo() throws IOException {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "6"))
            .message(11, value("shape", INT64, "2"))
            .message(1, Proto.node("Reshape", "r", "x,shape", "y"))
            .message(12, value("y", FLOAT));
    assertThatThrownBy(() -> load(17, graph, ImportOptions.usual()))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("Reshape (input 1 depends on values)");
    Tensor shape = Tensor.of(new long[] {2, -1}, 2);
    ImportedModel model = load(17, graph, ImportOptions.usual().withInputs(Map.of("shape", shape)));
    assertThat(model.specializedOn()).containsExactly("shape");
    assertThat(run(model, Map.of("x", ramp(6), "shape", shape)).extents()).containsExactly(2, 3);
  }

  @Test
  void aLimitOfTheModelsOwnNarrowsTheDimension() throws IOException {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "n"))
            .message(5, Proto.tensor("table", FLOAT, 512).bytes(9, new byte[2048]))
            .message(5, longs("zero", 0))
            .message(1, Proto.node("Shape", "", "x", "n"))
            .message(1, Proto.node("Slice", "", "table,zero,n", "positions"))
            .message(1, Proto.node("Add", "", "x,positions", "y"))
            .message(12, value("y", FLOAT));
    ImportedModel model = load(17, graph, ImportOptions.usual());
    assertThat(model.narrowed()).containsExactly(new Symbol("n", 1, 512));
    assertThat(run(model, Map.of("x", ramp(512))).floats()).isEqualTo(ramp(512).floats());
  }

  @Test
  void operandsThatDoNotFitAreNamed() {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "2"))
            .message(11, value("z", FLOAT, "3"))
            .message(1, Proto.node("Add", "sum", "x,z", "y"))
            .message(12, value("y", FLOAT));
    assertThatThrownBy(() -> load(17, graph, ImportOptions.usual()))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("graph 'main' node 0 'sum' (Add)", "[2] and [3] do not broadcast");
  }

  @Test
  void typesThatWeDoNotHaveAreNamed() {
    Proto graph =
        Proto.message().text(2, "main").message(11, value("x", 8, "2")).message(12, value("x", 8));
    assertThatThrownBy(() -> load(17, graph, ImportOptions.usual()))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContainingAll("input 'x'", "STRING");
  }

  @Test
  void outputsMayBeInputsAndConstants() throws IOException {
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, value("x", FLOAT, "2"))
            .message(5, longs("c", 7))
            .message(12, value("x", FLOAT))
            .message(12, value("c", INT64));
    Map<String, Tensor> outputs =
        Reference.run(load(17, graph, ImportOptions.usual()).graph(), Map.of("x", ramp(2)));
    assertThat(outputs.keySet()).containsExactly("x", "c");
    assertThat(Objects.requireNonNull(outputs.get("c")).dtype()).isEqualTo(DType.I64);
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    List<byte[]> models = new ArrayList<>();
    models.add(
        Proto.message()
            .integer(1, 8)
            .message(8, Proto.message().integer(2, 17))
            .message(7, shapeArithmetic())
            .toBytes());
    if (Files.isDirectory(TEST_DATA)) {
      try (Stream<Path> folders = Files.list(TEST_DATA)) {
        for (Path test : folders.sorted().toList()) {
          models.add(Files.readAllBytes(test.resolve("model.onnx")));
        }
      }
    }
    return Fuzz.run(
        folder,
        seed,
        cases,
        random -> {
          ProtoTree tree = new ProtoTree(models.get(random.nextInt(models.size())), "model");
          tree.mutate(random);
          return tree.toBytes();
        },
        path -> {
          try (Arena arena = Arena.ofConfined();
              OnnxFile file = OnnxFile.open(path)) {
            OnnxImporter.load(file, arena, ImportOptions.usual());
          }
        });
  }

  @Test
  void brokenModelsAreRefusedAndNothingElseHappens() throws IOException {
    Fuzz.Outcome outcome = fuzz(folder, 1, 4000);
    assertThat(outcome.refused()).isGreaterThan(1000);
    assertThat(outcome.accepted()).isGreaterThan(200);
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
