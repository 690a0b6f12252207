package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.FLOAT_ARRAY;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.LibraryOp;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InlinerTest {
  private static final Value X = Parameter.input("x", TensorType.of(DType.F32, 2, 3));

  private static Graph graph(Value... outputs) {
    return Graph.of("test", List.of(X), List.of(outputs));
  }

  private static Call.Body twice(Call.Body body) {
    return p -> Ops.add(body.build(p), body.build(p));
  }

  @Test
  void aCallBecomesItsBody() {
    Graph inlined = Inliner.inline(graph(Functions.relu(Ops.neg(X))), node -> false);
    assertThat(inlined.nodes()).noneMatch(node -> node.op() instanceof Call);
    assertThat(inlined.nodes()).extracting(Node::label).contains("NEG", "Relu/MAX");
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {-1, 2, -3, 4, 5, 6}, 2, 3));
    assertThat(Reference.run(inlined, inputs).values())
        .singleElement()
        .extracting(Tensor::floats, FLOAT_ARRAY)
        .containsExactly(1, 0, 3, 0, 0, 0);
  }

  @Test
  void whatIsKeptStaysAndReadsExpandedOperands() {
    Value relu = Functions.relu(Functions.relu(X));
    Graph inlined =
        Inliner.inline(
            graph(relu),
            node -> node.op() instanceof Call && node.operand(0).node().op() instanceof Parameter);
    assertThat(inlined.nodes().stream().filter(node -> node.op() instanceof Call)).hasSize(1);
    assertThat(inlined.nodes()).extracting(Node::label).contains("Relu/MAX");
  }

  @Test
  void nestedCallsAndDecompositionsAreExpandedToPrimitives() {
    Value q = Parameter.input("q", TensorType.of(DType.F32, 1, 2, 3, 4));
    Value attention = Node.of("attend", new Attention(0.5f, true, 2), List.of(q, q, q)).result();
    Graph graph = Graph.of("test", List.of(q), List.of(Functions.softmax(attention, -1)));
    Graph primitives = Inliner.inline(graph, node -> false);
    assertThat(primitives.nodes())
        .noneMatch(node -> node.op() instanceof LibraryOp || node.op() instanceof Call);
    assertThat(primitives.nodes()).extracting(Node::label).contains("attend/Matmul/Dot");
    Graph products = Inliner.inline(graph, node -> node.op() instanceof Matmul);
    assertThat(products.nodes().stream().filter(node -> node.op() instanceof Matmul)).hasSize(4);
  }

  @Test
  void aGraphWithoutRegionsKeepsItsNodes() {
    Graph graph = graph(Ops.add(Ops.neg(X), X));
    assertThat(Inliner.inline(graph, node -> false).nodes()).isEqualTo(graph.nodes());
  }

  @Test
  void depthIsNoMatter() {
    Value value = X;
    for (int i = 0; i < 50_000; i++) {
      value = i % 2 == 0 ? Functions.relu(value) : Ops.neg(value);
    }
    Graph inlined = Inliner.inline(graph(value), node -> false);
    assertThat(inlined.nodes()).hasSizeGreaterThan(50_000);
    Value nested = Call.of("f0", Map.of(), List.of(X), p -> Ops.neg(p.getFirst()));
    for (int i = 1; i < 1000; i++) {
      Call inner = (Call) nested.node().op();
      nested = Call.of("f", Map.of(), List.of(X), p -> Node.of("", inner, p).result());
    }
    assertThat(Inliner.inline(graph(nested), node -> false).nodes()).hasSize(2);
  }

  @Test
  void aBodyThatReadsFromOutsideIsRefused() {
    Value leaky = Call.of("Leaky", Map.of(), List.of(X), p -> Ops.add(p.getFirst(), X));
    assertThatThrownBy(() -> Inliner.inline(graph(leaky), node -> false))
        .isInstanceOf(ShapeException.class)
        .hasMessage("'Leaky': the body reads 'x' from outside; hand it in as an operand");
  }

  @Test
  void resultsThatAreOperandsPassThrough() {
    Value same = Call.of("Same", Map.of(), List.of(Ops.neg(X)), p -> p.getFirst());
    assertThat(Inliner.inline(graph(same), node -> false).nodes()).hasSize(2);
  }

  @Test
  void aSharedBodyIsExpandedAtEachSite() {
    Call.Body relu = p -> Functions.relu(p.getFirst());
    Value value = Call.of("Twice", Map.of(), List.of(X), twice(relu));
    Graph inlined = Inliner.inline(graph(value), node -> false);
    assertThat(inlined.nodes()).extracting(Node::label).contains("Twice/Relu/MAX", "Twice/ADD");
  }
}
