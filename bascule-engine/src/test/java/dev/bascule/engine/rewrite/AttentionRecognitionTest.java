package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class AttentionRecognitionTest {
  private static final Dim BATCH = Dim.symbol("batch", 1, 4);
  private static final Dim LENGTH = Dim.symbol("length", 1, 64);
  // hidden states of 3 heads, as a projection leaves them [batch, length, 3 * 4]
  private static final TensorType HIDDEN = TensorType.of(DType.F32, BATCH, LENGTH, Dim.of(12));
  private static final Value Q = Parameter.input("q", HIDDEN);
  private static final Value K = Parameter.input("k", HIDDEN);
  private static final Value V = Parameter.input("v", HIDDEN);
  private static final Value MASK =
      Parameter.input("mask", TensorType.of(DType.F32, BATCH, LENGTH));

  private static Value heads(Value hidden, Integer... order) {
    Shape split = Shape.of(BATCH, LENGTH, Dim.of(3), Dim.of(4));
    return Ops.permute(Ops.reshape(hidden, split), List.of(order));
  }

  private static Value query() {
    return heads(Q, 0, 2, 1, 3);
  }

  private static Value key() {
    return heads(K, 0, 2, 3, 1);
  }

  private static Value attend(Value scores) {
    return Ops.matmul(Functions.softmax(scores, 3), heads(V, 0, 2, 1, 3));
  }

  /** Added where a key is masked: 0 or a number that no score survives. */
  private static Value maskBias() {
    Value mask = Ops.unsqueeze(Ops.unsqueeze(MASK, 1), 1);
    return Ops.mul(Ops.sub(Ops.like(mask, 1), mask), Ops.like(mask, -Float.MAX_VALUE));
  }

  private static Graph graph(Value... outputs) {
    return Graph.of("test", List.of(Q, K, V, MASK), List.of(outputs));
  }

  /** The only attention found, after its results were compared with those it replaces. */
  private static Optional<Node> found(Value output) {
    Graph written = Simplifier.simplify(graph(output));
    List<String> notes = new ArrayList<>();
    Graph recognized = AttentionRecognition.recognize(written, notes::add);
    Random random = new Random(4);
    Map<String, Tensor> inputs = new HashMap<>();
    for (String name : List.of("q", "k", "v")) {
      float[] values = new float[2 * 5 * 12];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      inputs.put(name, Tensor.of(values, 2, 5, 12));
    }
    inputs.put("mask", Tensor.of(new float[] {1, 1, 1, 1, 1, 1, 1, 0, 1, 0}, 2, 5));
    float[] expected = floats(written, inputs);
    float[] actual = floats(recognized, inputs);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(2e-6f));
    }
    List<Node> attentions =
        recognized.nodes().stream().filter(node -> node.op() instanceof Attention).toList();
    assertThat(notes).hasSameSizeAs(attentions);
    return attentions.stream().findFirst();
  }

  private static float[] floats(Graph graph, Map<String, Tensor> inputs) {
    return List.copyOf(Reference.run(graph, inputs).values()).getFirst().floats();
  }

  @Test
  void theEncoderOfBertIsFound() {
    Value product = Ops.matmul(query(), key());
    Value scaled = Ops.div(product, Ops.like(product, Math.sqrt(32)));
    Optional<Node> found = found(attend(Ops.add(scaled, maskBias())));
    assertThat(found).isPresent();
    assertThat(found.get().op())
        .isEqualTo(new Attention((float) (1 / (double) (float) Math.sqrt(32)), false, 512));
    assertThat(found.get().operands()).hasSize(4);
    assertThat(found.get().operand(1).shape()).isEqualTo(query().shape());
    assertThat(found.get().operand(3).shape()).isEqualTo(Shape.of(BATCH, Dim.ONE, Dim.ONE, LENGTH));
  }

  @Test
  void maskAndScaleMayBeAbsent() {
    assertThat(found(attend(Ops.matmul(query(), key())))).isPresent();
    assertThat(found(attend(Ops.add(maskBias(), Ops.matmul(query(), key()))))).isPresent();
  }

  @Test
  void theScaleMayStandOnTheQueriesOrKeys() {
    UnaryOperator<Value> half = x -> Ops.mul(x, Ops.like(x, 0.5));
    Optional<Node> onQueries = found(attend(Ops.matmul(half.apply(query()), key())));
    assertThat(onQueries.orElseThrow().op()).isEqualTo(new Attention(0.5f, false, 512));
    Value key = Ops.permute(half.apply(heads(K, 0, 2, 1, 3)), List.of(0, 1, 3, 2));
    Optional<Node> onBoth = found(attend(Ops.matmul(half.apply(query()), key)));
    assertThat(onBoth.orElseThrow().op()).isEqualTo(new Attention(0.25f, false, 512));
  }

  @Test
  void weightsThatAreWantedAreKept() {
    Value weights = Functions.softmax(Ops.matmul(query(), key()), 3);
    Graph graph = graph(Ops.matmul(weights, heads(V, 0, 2, 1, 3)), weights);
    assertThat(AttentionRecognition.recognize(graph, note -> {}).nodes()).isEqualTo(graph.nodes());
  }

  @Test
  void aSoftmaxAlongAnotherAxisIsNoAttention() {
    Value weights = Functions.softmax(Ops.matmul(query(), key()), 2);
    assertThat(found(Ops.matmul(weights, heads(V, 0, 2, 1, 3)))).isEmpty();
  }

  @Test
  void attentionsInARowAreAllFound() {
    Value first = attend(Ops.matmul(query(), key()));
    Value second = Ops.matmul(Functions.softmax(Ops.matmul(first, Ops.transpose(first)), 3), first);
    List<String> notes = new ArrayList<>();
    AttentionRecognition.recognize(graph(second), notes::add);
    assertThat(notes).hasSize(2);
  }
}
