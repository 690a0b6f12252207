package dev.bascule.certify;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A language model of two linear layers with a softmax behind each: small, and with ops to name.
 *
 * @param tokens what it reads; each is its own row of random numbers
 * @param shift what is added to one weight of the second layer
 */
record TwoLayers(int[] tokens, float shift) implements Subject {
  private static final int WIDTH = 48;

  @Override
  public Graph graph() {
    Dim rows = Dim.of(new Symbol("n", 1, tokens.length));
    Value x = Parameter.input("x", TensorType.of(DType.F32, rows, Dim.of(WIDTH)));
    Value hidden = x; // [n, WIDTH]
    for (int layer = 0; layer < 2; layer++) {
      Value weight = Constant.of("w" + layer, Tensor.of(weights(layer), WIDTH, WIDTH));
      WeightType type = new WeightType.Floats(DType.F32);
      Linear linear = new Linear(List.of(type), Linear.Activations.F32, false);
      String prefix = "layers." + layer + ".";
      Value product = Node.of(prefix + "linear", linear, List.of(hidden, weight)).result();
      Value soft = Functions.softmax(product, 1);
      hidden = Node.of(prefix + "softmax", soft.node().op(), soft.node().operands()).result();
    }
    return Graph.of("two", List.of(x), Map.of("logits", hidden));
  }

  private float[] weights(int layer) {
    Random random = new Random(layer);
    float[] weights = new float[WIDTH * WIDTH];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.1f * (float) random.nextGaussian();
    }
    weights[5] += layer == 1 ? shift : 0;
    return weights;
  }

  @Override
  public Graph truth() {
    return graph();
  }

  @Override
  public List<Map<String, Tensor>> runs(int chunk) {
    int size = chunk == 0 ? tokens.length : chunk;
    List<Map<String, Tensor>> runs = new ArrayList<>();
    for (int from = 0; from < tokens.length; from += size) {
      int count = Math.min(size, tokens.length - from);
      float[] rows = new float[count * WIDTH];
      for (int i = 0; i < count; i++) {
        Random random = new Random(tokens[from + i]);
        for (int j = 0; j < WIDTH; j++) {
          rows[i * WIDTH + j] = (float) random.nextGaussian();
        }
      }
      runs.add(Map.of("x", Tensor.of(rows, count, WIDTH)));
    }
    return runs;
  }

  @Override
  public boolean isCut() {
    return true;
  }

  @Override
  public Optional<int[]> ids() {
    return Optional.of(tokens.clone());
  }

  @Override
  public Map<String, Object> model() {
    return Map.of("path", "two-layers-" + shift);
  }

  @Override
  public void close() {
    // nothing is held
  }
}
