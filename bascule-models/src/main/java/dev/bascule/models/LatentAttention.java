package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.List;

/**
 * Multi-head latent attention. The cache holds a latent vector and one turned key for each
 * position; what would make keys of latent vectors is multiplied into the queries, and what makes
 * values of them into the result, so that attention has one head of keys, which are the values too.
 * Source: DeepSeek-V2, 2024, section 2.1.
 */
final class LatentAttention {
  private LatentAttention() {}

  /** Of x [n, hidden], to [n, hidden], or to the rows that are asked for. */
  static Value of(
      Layer layer, DecoderConfig.Latent latent, Value x, Rotation rotation, Caches caches) {
    DecoderConfig config = layer.config();
    Dim tokens = x.shape().dim(0);
    Dim heads = Dim.of(config.heads());
    Dim rank = Dim.of(latent.rank());
    Dim plain = Dim.of(latent.plainDim());
    Dim turned = Dim.of(latent.turnedDim());
    List<Value> down =
        layer.linear(
            layer.label("query_latent"),
            x,
            List.of(latent.queryRank() > 0 ? Role.QUERY_DOWN : Role.QUERY, Role.LATENT));
    Value query =
        Ops.reshape(
            latent.queryRank() > 0 ? queryUp(layer, down.get(0)) : down.get(0),
            Shape.of(tokens, heads, plain.plus(turned)));
    Value entry = entry(layer, down.get(1), rank, rotation);
    Caches.Cache cache = caches.append(layer.label("latents"), entry);
    Value absorbed =
        perHead(
            layer,
            layer.label("key_up"),
            Ops.sliceAxis(query, 2, Dim.ZERO, plain),
            Role.KEY_UP,
            rank);
    Value position =
        rotation.turn(layer.label("query_rope"), Ops.sliceAxis(query, 2, plain, turned));
    Value whole = Ops.concat(List.of(absorbed, position), 2); // [n, heads, rank + turned]
    Value attended =
        caches.attention(layer.label("attention"), whole, cache, cache, config.scoreScale());
    attended = layer.asked("attention_asked", attended);
    Value values =
        perHead(
            layer,
            layer.label("value_up"),
            Ops.sliceAxis(attended, 2, Dim.ZERO, rank),
            Role.VALUE_UP,
            Dim.of(latent.valueDim()));
    Value flat =
        Ops.reshape(
            values, Shape.of(values.shape().dim(0), heads.times(Dim.of(latent.valueDim()))));
    return layer.linear(layer.label("attention_output"), flat, Role.ATTENTION_OUTPUT);
  }

  private static Value queryUp(Layer layer, Value low) {
    Value normed = layer.norm(layer.label("query_down_norm"), low, Role.QUERY_DOWN_NORM);
    return layer.linear(layer.label("query_up"), normed, Role.QUERY_UP);
  }

  /** What the cache holds of each position, [n, 1, rank + turned]. */
  private static Value entry(Layer layer, Value latent, Dim rank, Rotation rotation) {
    Value low = Ops.sliceAxis(latent, 1, Dim.ZERO, rank);
    Value normed = layer.norm(layer.label("latent_norm"), low, Role.LATENT_NORM);
    Value key = Ops.sliceAxis(latent, 1, rank, latent.shape().dim(1).minus(rank));
    Value turned = rotation.turn(layer.label("key_rope"), Ops.unsqueeze(key, 1));
    return Ops.concat(List.of(Ops.unsqueeze(normed, 1), turned), 2);
  }

  /** Each head of x [n, heads, k] times its own weight [heads, m, k]: [n, heads, m]. */
  private static Value perHead(Layer layer, String label, Value x, Role role, Dim m) {
    Dim tokens = x.shape().dim(0);
    Dim heads = x.shape().dim(1);
    Value byHead = Ops.permute(x, List.of(1, 0, 2));
    Value rows = Ops.reshape(byHead, Shape.of(heads.times(tokens), x.shape().dim(2)));
    Shape ends = Shape.of(heads.plus(Dim.ONE));
    Value offsets = Ops.mul(Ops.iota(ends, 0), Ops.cast(Ops.dimension(tokens), DType.I64));
    Value products = layer.grouped(label, rows, List.of(role), offsets).getFirst();
    return Ops.permute(Ops.reshape(products, Shape.of(heads, tokens, m)), List.of(1, 0, 2));
  }
}
