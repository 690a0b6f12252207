package dev.bascule.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {
  @TempDir private Path folder;

  private OnnxFile open(byte[] bytes) throws IOException {
    return OnnxFile.open(Files.write(folder.resolve("m.onnx"), bytes));
  }

  private OnnxFile open(Proto graph) throws IOException {
    return open(Proto.model(graph));
  }

  private void assertRefused(byte[] bytes, String... parts) {
    assertThatThrownBy(() -> open(bytes).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts)
        .hasMessageContaining("m.onnx");
  }

  private void assertRefused(Proto graph, String... parts) {
    assertRefused(Proto.model(graph), parts);
  }

  private static Proto graph(Proto... nodes) {
    Proto graph = Proto.message().text(2, "main").message(11, Proto.value("x"));
    for (Proto node : nodes) {
      graph.message(1, node);
    }
    return graph;
  }

  private static Proto attribute(String name, int kind) {
    return Proto.message().text(1, name).integer(20, kind);
  }

  @Test
  void aModelIsReadAsWritten() throws IOException {
    Proto shape =
        Proto.message()
            .message(1, Proto.message().text(2, "batch"))
            .message(1, Proto.message().integer(1, 384))
            .message(1, Proto.message());
    Proto input =
        Proto.message()
            .text(1, "x")
            .message(
                2, Proto.message().message(1, Proto.message().integer(1, 10).message(2, shape)));
    Proto graph =
        Proto.message()
            .text(2, "main")
            .message(11, input)
            .message(1, Proto.node("Relu", "r", "x", "y"))
            .message(12, Proto.value("y"));
    byte[] bytes =
        Proto.message()
            .integer(1, 9)
            .text(2, "pytorch")
            .text(3, "2.1")
            .message(8, Proto.message().text(1, "ai.onnx").integer(2, 17))
            .message(8, Proto.message().text(1, "com.x").integer(2, 1))
            .message(14, Proto.message().text(1, "author").text(2, "me"))
            .message(7, graph)
            .toBytes();
    try (OnnxFile file = open(bytes)) {
      OnnxModel model = file.model();
      assertThat(model.irVersion()).isEqualTo(9);
      assertThat(model.producerName()).isEqualTo("pytorch");
      assertThat(model.opsetImports()).isEqualTo(Map.of("", 17L, "com.x", 1L));
      assertThat(model.metadata()).isEqualTo(Map.of("author", "me"));
      assertThat(model.graph().inputs().getFirst().type())
          .isEqualTo(
              new OnnxType.Tensor(
                  OnnxDataType.FLOAT16,
                  Optional.of(
                      List.of(
                          new OnnxDimension.Symbolic("batch"),
                          new OnnxDimension.Fixed(384),
                          new OnnxDimension.Unknown()))));
      assertThat(model.graph().inputs().getFirst().type().describe())
          .isEqualTo("tensor(float16)[batch, 384, ?]");
      assertThat(model.graph().nodes().getFirst().describe()).isEqualTo("node 0 'r' (Relu)");
    }
  }

  @Test
  void everyKindOfAttributeIsRead() throws IOException {
    Proto tensor = Proto.tensor("t", 7, 2).packed(7, 5, -6);
    Proto type =
        Proto.message()
            .message(
                4,
                Proto.message()
                    .message(1, Proto.message().message(1, Proto.message().integer(1, 1))));
    Proto node =
        Proto.node("Odd", "n", "x", "y")
            .message(5, attribute("f", 1).fixed32(2, Float.floatToIntBits(1.5f)))
            .message(5, attribute("i", 2).integer(3, -3))
            .message(5, attribute("s", 3).text(4, "häß"))
            .message(5, attribute("t", 4).message(5, tensor))
            .message(5, attribute("g", 5).message(6, Proto.message().text(2, "inner")))
            .message(
                5,
                attribute("fs", 6)
                    .bytes(7, Proto.little(Float.floatToIntBits(2f), 4))
                    .fixed32(7, Float.floatToIntBits(3f)))
            .message(5, attribute("is", 7).packed(8, 1, -2).integer(8, 3))
            .message(5, attribute("ss", 8).text(9, "a").text(9, ""))
            .message(5, attribute("ts", 9).message(10, tensor).message(10, tensor))
            .message(5, attribute("gs", 10).message(11, Proto.message()))
            .message(
                5,
                attribute("sp", 11)
                    .message(
                        22,
                        Proto.message()
                            .message(1, Proto.tensor("v", 1, 0))
                            .message(2, Proto.tensor("i", 7, 0))
                            .integer(3, 4)))
            .message(5, attribute("tp", 13).message(14, type))
            .message(5, attribute("tps", 14).message(15, type))
            .message(5, Proto.message().text(1, "old").integer(3, 9));
    try (OnnxFile file = open(graph(node))) {
      OnnxNode read = file.model().graph().nodes().getFirst();
      assertThat(read.attribute("f").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.FloatValue(1.5f));
      assertThat(read.attribute("i").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.IntValue(-3));
      assertThat(read.attribute("s").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.StringValue("häß"));
      assertThat(read.attribute("fs").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.FloatsValue(List.of(2f, 3f)));
      assertThat(read.attribute("is").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.IntsValue(List.of(1L, -2L, 3L)));
      assertThat(read.attribute("ss").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.StringsValue(List.of("a", "")));
      assertThat(read.attribute("old").orElseThrow().value())
          .isEqualTo(new OnnxAttribute.IntValue(9));
      assertThat(read.attributes())
          .extracting(a -> a.value().kind())
          .containsExactly(
              "FLOAT",
              "INT",
              "STRING",
              "TENSOR",
              "GRAPH",
              "FLOATS",
              "INTS",
              "STRINGS",
              "TENSORS",
              "GRAPHS",
              "SPARSE_TENSOR",
              "TYPE_PROTO",
              "TYPE_PROTOS",
              "INT");
      assertThat(read.attribute("tp").orElseThrow().value())
          .isInstanceOfSatisfying(
              OnnxAttribute.TypeValue.class,
              t -> assertThat(t.value().describe()).isEqualTo("sequence(tensor(float)[...])"));
    }
  }

  @Test
  void anErrorNamesGraphNodeAndAttribute() {
    Proto bad = attribute("axis", 2).fixed32(3, 1);
    assertRefused(
        graph(Proto.node("Softmax", "sm", "x", "y").message(5, bad)),
        "graph 'main' node 0 'sm' attribute 0 'axis'",
        "expected field 3 of wire type 0, got wire type 5");
  }

  @Test
  void lengthsBeyondTheirMessageAreRefused() {
    byte[] tail = Proto.varint(7 << 3 | 2).raw(Proto.varint(1000).toBytes()).toBytes();
    assertRefused(tail, "within the 0 bytes that are left, got 1000 bytes");
    byte[] huge = Proto.varint(7 << 3 | 2).raw(Proto.varint(-1).toBytes()).toBytes();
    assertRefused(huge, "got 18446744073709551615 bytes");
  }

  @Test
  void aNumberWithoutEndIsRefused() {
    byte[] endless = new byte[32];
    Arrays.fill(endless, (byte) 0xFF);
    assertRefused(endless, "a number of at most 10 bytes");
    assertRefused(new byte[] {8}, "expected another byte, got the end of the message");
  }

  @Test
  void groupsAndFieldZeroAreRefused() {
    assertRefused(new byte[] {(byte) ((((100 << 3) | 3) & 0x7F) | 0x80), 6}, "wire type 3");
    assertRefused(new byte[] {0, 0}, "a field number from 1");
  }

  @Test
  void anEmptyFileIsNoModel() {
    assertRefused(new byte[0], "a model with a graph");
  }

  @Test
  void malformedTextIsRefused() {
    assertRefused(
        Proto.message().bytes(2, new byte[] {'a', (byte) 0xC3}), "graph", "text in UTF-8");
  }

  @Test
  void nestingHasALimit() {
    Proto inner = Proto.message();
    for (int i = 0; i < 200; i++) {
      inner =
          Proto.message()
              .message(
                  1,
                  Proto.node("If", "", "x", "y").message(5, attribute("g", 5).message(6, inner)));
    }
    assertRefused(inner, "nested at most 100 deep");
  }

  @Test
  void structureHasALimit() throws IOException {
    Path path =
        Files.write(folder.resolve("m.onnx"), Proto.model(graph(Proto.node("A", "", "x", "y"))));
    assertThatThrownBy(() -> OnnxFile.open(path, new OnnxLimits(500, 100, 64)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a structure (names, nodes, attributes) of at most 500 bytes");
  }

  @Test
  void negativeAndOverflowingDimensionsAreRefused() {
    assertRefused(
        graph().message(5, Proto.tensor("w", 1, 2, -5)),
        "initializer 0",
        "dimension 1 of zero or more, got -5");
    assertRefused(
        graph().message(5, Proto.tensor("w", 1, 1L << 40, 1L << 40)),
        "initializer 0 'w'",
        "whose product fits 63 bits");
    assertRefused(graph().message(5, Proto.tensor("w", 1, 1L << 61)), "whose product fits 63 bits");
  }

  @Test
  void rawBytesMustMatchTheDimensions() {
    assertRefused(
        graph().message(5, Proto.tensor("w", 1, 3).bytes(9, new byte[8])),
        "12 bytes for the elements of FLOAT[3]",
        "8 raw bytes");
    assertRefused(graph().message(5, Proto.tensor("w", 1, 3)), "3 in FLOAT_DATA", "got none");
    assertRefused(
        graph().message(5, Proto.tensor("w", 1, 3).packed(7, 1, 2, 3)), "got {INT64_DATA=3}");
    assertRefused(graph().message(5, Proto.tensor("w", 8, 1).bytes(9, new byte[1])), "STRING[1]");
    assertRefused(
        graph().message(5, Proto.tensor("w", 99, 1)), "an element type from 1 to 28, got 99");
  }

  @Test
  void duplicateNamesAreRefused() {
    assertRefused(
        graph(Proto.node("A", "a", "x", "y"), Proto.node("B", "b", "x", "y")),
        "each value to be produced once, got 'y' from node 1 'b' (B) and from node 0 'a' (A)");
    assertRefused(
        graph(Proto.node("A", "a", "x", "x")),
        "'x' from node 0 'a' (A) and from an input or initializer");
    assertRefused(
        graph().message(11, Proto.value("x")), "'x' from an input and from another input");
    Proto twice = attribute("axis", 2).integer(3, 1);
    assertRefused(
        graph(Proto.node("A", "a", "x", "y").message(5, twice).message(5, twice)), "'axis' twice");
  }

  @Test
  void aCycleIsNamed() {
    assertRefused(
        graph(
            Proto.node("A", "a", "x,q", "p"),
            Proto.node("B", "b", "p", "q"),
            Proto.node("C", "c", "q", "r")),
        "graph 'main'",
        "the cycle node 0 'a' (A) -> node 1 'b' (B) -> node 0 'a' (A)");
    assertRefused(
        graph(Proto.node("A", "a", "y", "y")), "the cycle node 0 'a' (A) -> node 0 'a' (A)");
  }

  @Test
  void anInputWithoutProducerIsNamed() {
    assertRefused(
        graph(Proto.node("A", "a", "x,nobody", "y")), "graph 'main' node 0 'a' (A)", "'nobody'");
    assertRefused(graph().message(12, Proto.value("z")), "graph 'main' output 'z'");
  }

  @Test
  void nodesOutOfOrderAreSorted() throws IOException {
    try (OnnxFile file =
        open(graph(Proto.node("B", "b", "p", "q"), Proto.node("A", "a", "x", "p")))) {
      assertThat(OnnxTopology.order(file.model().graph(), file.path()))
          .extracting(OnnxNode::name)
          .containsExactly("a", "b");
    }
  }

  @Test
  void anInnerGraphMayUseTheValuesAroundIt() throws IOException {
    Proto branch =
        Proto.message()
            .text(2, "then")
            .message(1, Proto.node("C", "c", "p", "z"))
            .message(12, Proto.value("z"));
    Proto user =
        Proto.node("If", "if", "x", "y").message(5, attribute("then_branch", 5).message(6, branch));
    try (OnnxFile file = open(graph(user, Proto.node("A", "a", "x", "p")))) {
      assertThat(OnnxTopology.order(file.model().graph(), file.path()))
          .extracting(OnnxNode::name)
          .containsExactly("a", "if");
    }
    assertRefused(graph(user), "graph 'main' node 0 'if' (If) graph 'then' node 0 'c' (C)", "'p'");
  }

  @Test
  void controlCharactersDoNotReachTheTerminal() {
    assertRefused(graph(Proto.node("A", "\u001b[31mred", "nobody", "y")), "'?[31mred'");
  }
}
