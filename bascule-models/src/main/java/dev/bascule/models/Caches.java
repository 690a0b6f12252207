package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The caches of a decoder: what each layer keeps of every position, and attention over them. */
final class Caches {
  private final Decoder.Limits limits;
  private final Value positions;
  private final Value length;
  private final Map<Dim, Value> rows = new HashMap<>();
  private final Map<State, Value> updates = new LinkedHashMap<>();

  Caches(Decoder.Limits limits, Value positions, Value length) {
    this.limits = limits;
    this.positions = positions;
    this.length = length;
  }

  Map<State, Value> updates() {
    return updates;
  }

  /**
   * Writes {@code entries} [n, heads, d] to the cache of this name; gives the cache [capacity,
   * heads, d]. It lies head by head, so that attention, which goes through one head's positions,
   * reads memory in order.
   */
  Value append(String name, Value entries) {
    Dim n = entries.shape().dim(0);
    Dim heads = entries.shape().dim(1);
    Dim width = entries.shape().dim(2);
    Dim capacity = Dim.of(limits.capacity());
    State state = new State(name, TensorType.of(limits.cacheType(), heads.times(capacity), width));
    Value byHead =
        Layer.named(
            name + ".entries",
            Ops.permute(Ops.cast(entries, limits.cacheType()), List.of(1, 0, 2)));
    Value rows = Ops.reshape(byHead, Shape.of(heads.times(n), width));
    Value written =
        Layer.named(
            name + ".append",
            Ops.scatter(Scatter.Kind.SET, Parameter.read(state), rows(heads, n), rows));
    updates.put(state, written);
    Value split = Ops.reshape(written, Shape.of(heads, capacity, width));
    return Ops.permute(split, List.of(1, 0, 2));
  }

  /** The rows of a cache, head by head, at which the positions lie: [heads * n]. */
  private Value rows(Dim heads, Dim n) {
    return rows.computeIfAbsent(
        heads,
        h -> {
          Shape all = Shape.of(heads, n);
          Value first =
              Ops.mul(Ops.iota(all, 0), Ops.fill(DType.I64, all, (double) limits.capacity()));
          Value at = Ops.add(first, Ops.broadcast(positions, all));
          return Layer.named("cache_rows", Ops.reshape(at, Shape.of(heads.times(n))));
        });
  }

  /** Attention of queries [n, heads, d] over caches that hold the same positions already. */
  Value attention(String label, Value queries, Value keys, Value values, float scale) {
    return Node.of(
            label,
            new CachedAttention(scale, Decoder.KEY_BLOCK),
            List.of(queries, keys, values, length))
        .result();
  }
}
