package dev.bascule.models;

import dev.bascule.core.Dim;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The caches of a decoder: what each layer keeps of every position, and attention over them. */
final class Caches {
  private final Decoder.Limits limits;
  private final Value positions;
  private final Value length;
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
   * heads, d].
   */
  Value append(String name, Value entries) {
    List<Dim> dims = entries.shape().dims();
    TensorType type =
        TensorType.of(limits.cacheType(), Dim.of(limits.capacity()), dims.get(1), dims.get(2));
    State state = new State(name, type);
    Value rows = Layer.named(name + ".entries", Ops.cast(entries, limits.cacheType()));
    Value written =
        Layer.named(
            name + ".append",
            Ops.scatter(Scatter.Kind.SET, Parameter.read(state), positions, rows));
    updates.put(state, written);
    return written;
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
