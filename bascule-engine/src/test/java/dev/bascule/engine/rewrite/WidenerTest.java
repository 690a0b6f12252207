package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WidenerTest {
  private static final Dim ROWS = Dim.of(new Symbol("n", 1, 8));

  private static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void aQuantisedLayerWidensToItsWeightsNumbersAndUnroundedActivations() {
    int k = 64;
    Random random = new Random(3);
    byte[] blocks = new byte[2 * 2 * 34]; // two rows of two blocks: an f16 scale and 32 bytes
    random.nextBytes(blocks);
    for (int block = 0; block < 4; block++) {
      blocks[block * 34] = 0;
      blocks[block * 34 + 1] = 0x38; // 0.5 in f16
    }
    Value x = Parameter.input("x", TensorType.of(DType.F32, ROWS, Dim.of(k)));
    Value weight =
        Constant.of("w", new Tensor(DType.U8, new long[] {2, 68}, MemorySegment.ofArray(blocks)));
    WeightType type = new WeightType.Blocks(QuantType.Q8_0);
    Value y = Linear.of(x, weight, type, Linear.Activations.INT8);
    Graph graph = Graph.of("g", List.of(x), Map.of("y", y));
    float[] given = gaussian(k, 4);
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(given, 1, k));

    double[] wide = Reference.run(Widener.widen(graph), Widener.widen(inputs)).get("y").doubles();
    float[] narrow = Reference.run(graph, inputs).get("y").floats();

    for (int row = 0; row < 2; row++) {
      double expected = 0;
      for (int i = 0; i < k; i++) {
        expected += given[i] * 0.5 * blocks[(row * 2 + i / 32) * 34 + 2 + i % 32];
      }
      assertThat(wide[row]).isCloseTo(expected, within(1e-9));
      assertThat(Math.abs(narrow[row] - expected)).isBetween(1e-4, 10.0);
    }
  }

  @Test
  void attentionOverACacheWidens() {
    Value queries = Parameter.input("q", TensorType.of(DType.F32, ROWS, Dim.of(2), Dim.of(4)));
    TensorType cache = TensorType.of(DType.F32, Dim.of(16), Dim.ONE, Dim.of(4));
    Value keys = Parameter.input("k", cache);
    Value values = Parameter.input("v", cache);
    Value length = Parameter.input("length", TensorType.of(DType.I64, Dim.ONE));
    Node node =
        Node.of("attention", new CachedAttention(0.5f, 4), List.of(queries, keys, values, length));
    Graph graph = Graph.of("g", List.of(queries, keys, values, length), Map.of("y", node.result()));
    Map<String, Tensor> inputs =
        Map.of(
            "q", Tensor.of(gaussian(3 * 8, 1), 3, 2, 4),
            "k", Tensor.of(gaussian(64, 2), 16, 1, 4),
            "v", Tensor.of(gaussian(64, 3), 16, 1, 4),
            "length", Tensor.of(new long[] {7}, 1));

    Tensor wide = Reference.run(Widener.widen(graph), Widener.widen(inputs)).get("y");

    assertThat(wide.dtype()).isEqualTo(DType.F64);
    assertThat(wide.extents()).containsExactly(3, 2, 4);
    float[] narrow = Reference.run(graph, inputs).get("y").floats();
    for (int i = 0; i < narrow.length; i++) {
      assertThat(wide.number(i)).isCloseTo(narrow[i], within(1e-6));
    }
  }
}
