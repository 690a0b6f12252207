package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A decoder as a graph that serves prompts and single tokens alike: it takes the next n positions,
 * writes their keys and values into the caches, and gives the logits of those that are asked for.
 *
 * <table>
 * <caption>inputs and outputs</caption>
 * <tr><td>{@code embeddings}<td>f32 [n, hidden]<td>{@link Weights#embedding} of the tokens
 * <tr><td>{@code positions}<td>i64 [n]<td>where they stand, and their places in the cache
 * <tr><td>{@code length}<td>i64 [1]<td>positions in the cache, these n included as the last
 * <tr><td>{@code last}<td>i64 [outputs]<td>which of the n rows get logits
 * <tr><td>{@code logits}<td>f32 [outputs, vocabulary]<td>
 * </table>
 *
 * <p>Layers of one kind are calls of one function ({@link #isLayer}); the last is of a kind of its
 * own, which goes on with the rows that get logits once its caches are written. States are the
 * caches of each layer, [heads of keys * capacity, elements]. However a text is cut into runs, its
 * logits have the same bits.
 */
public final class Decoder {
  public static final String EMBEDDINGS = "embeddings";
  public static final String POSITIONS = "positions";
  public static final String LENGTH = "length";
  public static final String LAST = "last";
  public static final String LOGITS = "logits";

  /** The dimension of the tokens of a run. */
  public static final String TOKENS = "n";

  /** The dimension of the logits' rows. */
  public static final String OUTPUTS = "outputs";

  /** Keys between which attention rescales its sums: a part of what a decoder means. */
  public static final int KEY_BLOCK = 512;

  /**
   * How large a run and its caches may be, and in what types they are computed.
   *
   * @param capacity positions of the caches
   * @param tokensMax tokens of one run
   * @param outputsMax rows of logits of one run
   * @param cacheType how keys and values are kept
   * @param activations what becomes of activations before quantised weights
   */
  public record Limits(
      long capacity,
      long tokensMax,
      long outputsMax,
      CacheType cacheType,
      Linear.Activations activations) {
    public Limits {
      if (capacity <= 0 || tokensMax <= 0 || tokensMax > capacity || outputsMax < 0) {
        throw new ShapeException(
            "decoder: expected a capacity of at least the "
                + tokensMax
                + " tokens of a run, got "
                + capacity
                + ", with up to "
                + outputsMax
                + " outputs");
      }
    }
  }

  private Decoder() {}

  /** The graph of a model with these weights, which must outlive it. */
  public static Graph graph(DecoderConfig config, Weights weights, Limits limits) {
    config
        .positionsMax()
        .ifPresent(most -> {
          if (limits.capacity > most) {
            throw new ShapeException(
                "decoder: this model's rotation is known for "
                    + most
                    + " positions; expected a cache of at most as many, got "
                    + limits.capacity);
          }
        });
    Dim tokens = Dim.of(new Symbol(TOKENS, 1, limits.tokensMax));
    Dim outputs = Dim.of(new Symbol(OUTPUTS, 0, limits.outputsMax));
    Value embeddings =
        Parameter.input(EMBEDDINGS, TensorType.of(DType.F32, tokens, Dim.of(config.hidden())));
    Value positions = Parameter.input(POSITIONS, TensorType.of(DType.I64, tokens));
    Value length = Parameter.input(LENGTH, TensorType.of(DType.I64, Dim.ONE));
    Value last = Parameter.input(LAST, TensorType.of(DType.I64, outputs));
    Caches caches = new Caches(limits, config.window().orElse(0), positions, length);
    Rotation rotation = Rotation.of(config.rope(), positions);
    Map<State, Value> updates = new LinkedHashMap<>();
    Map<LayerFunction.Kind, LayerFunction> functions = new HashMap<>();
    Value hidden = embeddings; // [n, hidden], after the last layer [outputs, hidden]
    for (int layer = 0; layer < config.layers(); layer++) {
      boolean isLast = layer == config.layers() - 1;
      LayerFunction.Kind kind = LayerFunction.Kind.of(config, weights, layer, isLast);
      LayerFunction function = functions.get(kind);
      if (function == null) {
        Optional<Value> rows = isLast ? Optional.of(last) : Optional.empty();
        Layer blocks = new Layer(config, weights, limits.activations, layer, rows);
        Value result = layer(blocks, hidden, rotation, caches);
        function =
            new LayerFunction(
                config,
                weights,
                layer,
                hidden,
                result,
                caches.takeUpdates(),
                shared(rotation, caches, last));
        functions.put(kind, function);
      }
      hidden = function.call(layer, hidden, updates);
    }
    Layer end = new Layer(config, weights, limits.activations, 0, Optional.empty());
    Value normed = end.norm("final_norm", hidden, Role.FINAL_NORM);
    Value logits = end.linear("head", normed, Role.HEAD);
    return new Graph(
        "decoder",
        List.of(embeddings, positions, length, last),
        new LinkedHashMap<>(Map.of(LOGITS, logits)),
        updates);
  }

  /** Whether {@code node} stands for a layer of a decoder. */
  public static boolean isLayer(Node node) {
    return node.op() instanceof Call call && call.name().equals(LayerFunction.NAME);
  }

  private static Set<Value> shared(Rotation rotation, Caches caches, Value last) {
    Set<Value> shared = new HashSet<>(caches.shared());
    shared.add(last);
    shared.add(rotation.cosines());
    shared.add(rotation.sines());
    return shared;
  }

  private static Value layer(Layer blocks, Value hidden, Rotation rotation, Caches caches) {
    DecoderConfig config = blocks.config();
    Value normed = blocks.norm(blocks.label("attention_norm"), hidden, Role.ATTENTION_NORM);
    Value attended =
        config.latent().isPresent()
            ? LatentAttention.of(blocks, config.latent().get(), normed, rotation, caches)
            : SelfAttention.of(blocks, normed, rotation, caches);
    if (config.features().sandwichNorm()) {
      attended =
          blocks.norm(blocks.label("attention_post_norm"), attended, Role.ATTENTION_POST_NORM);
    }
    Value before = blocks.asked("hidden_asked", hidden);
    Value between = Layer.named(blocks.label("attention_residual"), Ops.add(before, attended));
    Value inner = blocks.norm(blocks.label("feed_forward_norm"), between, Role.FEED_FORWARD_NORM);
    Value fed = feedForward(blocks, inner);
    if (config.features().sandwichNorm()) {
      fed = blocks.norm(blocks.label("feed_forward_post_norm"), fed, Role.FEED_FORWARD_POST_NORM);
    }
    return Layer.named(blocks.label("feed_forward_residual"), Ops.add(between, fed));
  }

  private static Value feedForward(Layer blocks, Value x) {
    if (!blocks.config().isSparse(blocks.number())) {
      return gated(blocks, "", x, Role.GATE, Role.UP, Role.DOWN);
    }
    DecoderConfig.Experts experts = blocks.config().experts().orElseThrow();
    Value routed = ExpertMixture.of(blocks, experts, x);
    if (experts.shared() == 0) {
      return routed;
    }
    Value shared = gated(blocks, "shared_", x, Role.SHARED_GATE, Role.SHARED_UP, Role.SHARED_DOWN);
    return Layer.named(blocks.label("experts"), Ops.add(routed, shared));
  }

  /** {@code down(silu(gate(x)) * up(x))}. Source: Shazeer, GLU Variants, 2020. */
  private static Value gated(Layer blocks, String prefix, Value x, Role gate, Role up, Role down) {
    List<Value> both = blocks.linear(blocks.label(prefix + "gate_up"), x, List.of(gate, up));
    Value product =
        Layer.named(
            blocks.label(prefix + "activation"), Ops.mul(Functions.silu(both.get(0)), both.get(1)));
    return blocks.linear(blocks.label(prefix + "down"), product, down);
  }
}
