package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A text encoder in miniature: embeddings, two layers of attention and feed-forward with norms and
 * residuals, mean pooling over what is no padding. Its weights are constants.
 */
final class SmallModel {
  static final int WORDS = 60;
  private static final int WIDTH = 24;
  private static final int HEADS = 3;
  private static final int LAYERS = 2;

  private static final Symbol BATCH = new Symbol("batch", 0, 8);
  private static final Symbol TOKENS = new Symbol("tokens", 1, 40);

  private final SplittableRandom random = new SplittableRandom(2026);

  private SmallModel() {}

  /** ids i64 [batch, tokens] and mask bool [batch, tokens] give embedding f32 [batch, width]. */
  static Graph graph() {
    return new SmallModel().build();
  }

  /** Texts of this batch, padded to {@code tokens}. */
  static Map<String, Tensor> inputs(int batch, int tokens, long seed) {
    var random = new SplittableRandom(seed);
    Tensor ids = Tensor.zeros(DType.I64, batch, tokens);
    Tensor mask = Tensor.zeros(DType.BOOL, batch, tokens);
    for (int text = 0; text < batch; text++) {
      int length = 1 + random.nextInt(tokens);
      for (int i = 0; i < length; i++) {
        ids.set((long) text * tokens + i, random.nextInt(WORDS));
        mask.set((long) text * tokens + i, 1);
      }
    }
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    inputs.put("ids", ids);
    inputs.put("mask", mask);
    return inputs;
  }

  private Value weight(long... extents) {
    return Constant.of(
        Inputs.draw(DType.F32, extents, Values.Spread.MODERATE, Bindings.NONE, random));
  }

  private Graph build() {
    Dim batch = Dim.of(BATCH);
    Dim tokens = Dim.of(TOKENS);
    Value ids = Parameter.input("ids", TensorType.of(DType.I64, batch, tokens));
    Value mask = Parameter.input("mask", TensorType.of(DType.BOOL, batch, tokens));
    Value words = weight(WORDS, WIDTH);
    // x [batch, tokens, width]
    Value x = Node.of("word embedding", new Gather(0), List.of(words, ids)).result();
    x = Functions.layerNorm(x, weight(WIDTH), weight(WIDTH), 1e-6);
    for (int layer = 0; layer < LAYERS; layer++) {
      x = layer(x, mask);
    }
    Value kept = Ops.cast(mask, DType.F32); // [batch, tokens]
    Value weighted = Ops.mul(x, Ops.unsqueeze(kept, 2));
    Value sum = Ops.sum(weighted, List.of(1), false);
    Value pooled = Ops.div(sum, Ops.sum(kept, List.of(1), true));
    return Graph.of("small model", List.of(ids, mask), Map.of("embedding", pooled));
  }

  private Value layer(Value x, Value mask) {
    Value q = heads(linear(x, WIDTH));
    Value k = heads(linear(x, WIDTH));
    Value v = heads(linear(x, WIDTH));
    Dim batch = x.shape().dim(0);
    Dim tokens = x.shape().dim(1);
    Value seen = Ops.reshape(mask, Shape.of(batch, Dim.ONE, Dim.ONE, tokens));
    Value bias =
        Ops.select(
            seen, Ops.zeros(DType.F32, seen.shape()), Ops.fill(DType.F32, seen.shape(), -10_000));
    var attention = new Attention(0.35f, false, 64);
    Value mixed = Node.of("", attention, List.of(q, k, v, bias)).result();
    Value joined = Ops.reshape(Ops.permute(mixed, List.of(0, 2, 1, 3)), x.shape());
    Value first = norm(Ops.add(x, linear(joined, WIDTH)));
    Value wide = Functions.gelu(linear(first, 2 * WIDTH));
    return norm(Ops.add(first, linear(wide, WIDTH)));
  }

  private Value linear(Value x, int width) {
    long inner = x.shape().dim(2).constant();
    Value scaled = Ops.matmul(x, weight(inner, width));
    return Ops.add(Ops.mul(scaled, Ops.like(scaled, 0.2)), weight(width));
  }

  private Value norm(Value x) {
    return Functions.layerNorm(x, weight(WIDTH), weight(WIDTH), 1e-6);
  }

  /** [batch, tokens, width] as [batch, heads, tokens, width / heads]. */
  private static Value heads(Value x) {
    Dim batch = x.shape().dim(0);
    Dim tokens = x.shape().dim(1);
    Shape split = Shape.of(batch, tokens, Dim.of(HEADS), Dim.of(WIDTH / HEADS));
    return Ops.permute(Ops.reshape(x, split), List.of(0, 2, 1, 3));
  }

  /** An elementwise chain over the same weights, cheap to compile: for leak checks. */
  static Graph chain() {
    Value x = Parameter.input("x", TensorType.of(DType.F32, Dim.of(TOKENS)));
    Value y = Ops.apply(Elementwise.TANH, Ops.add(x, Ops.like(x, 1)));
    return Graph.of("chain", List.of(x), Map.of("y", y));
  }
}
