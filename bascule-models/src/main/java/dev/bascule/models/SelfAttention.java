package dev.bascule.models;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.List;

/** Grouped-query attention over a cache. Source: Ainslie et al., GQA, 2023. */
final class SelfAttention {
  private SelfAttention() {}

  /** Of x [n, hidden], to [n, hidden], or to the rows that are asked for. */
  static Value of(Layer layer, Value x, Rotation rotation, Caches caches) {
    DecoderConfig config = layer.config();
    List<Value> all =
        layer.linear(layer.label("query_key_value"), x, List.of(Role.QUERY, Role.KEY, Role.VALUE));
    Value query = heads(layer, "query", all.get(0), Role.QUERY, config.heads());
    Value key = heads(layer, "key", all.get(1), Role.KEY, config.kvHeads());
    Value value = heads(layer, "value", all.get(2), Role.VALUE, config.kvHeads());
    if (config.features().headNorm()) {
      query = layer.norm(layer.label("query_norm"), query, Role.QUERY_NORM);
      key = layer.norm(layer.label("key_norm"), key, Role.KEY_NORM);
    }
    query = rotation.turn(layer.label("query_rope"), query);
    key = rotation.turn(layer.label("key_rope"), key);
    Caches.Cache keys = caches.append(layer.label("keys"), key);
    Caches.Cache values = caches.append(layer.label("values"), value);
    Value attended =
        caches.attention(layer.label("attention"), query, keys, values, config.scoreScale());
    Value flat = Ops.reshape(attended, Shape.of(x.shape().dim(0), width(config)));
    flat = layer.asked("attention_asked", flat);
    Value output = layer.linear(layer.label("attention_output"), flat, Role.ATTENTION_OUTPUT);
    return config.features().outputBias()
        ? biased(layer, "attention_output_bias", output, Role.ATTENTION_OUTPUT)
        : output;
  }

  private static Dim width(DecoderConfig config) {
    return Dim.of((long) config.heads() * config.headDim());
  }

  /** With its bias, if it has one, as [n, heads, d]. */
  private static Value heads(Layer layer, String name, Value flat, Role role, int heads) {
    DecoderConfig config = layer.config();
    Value whole =
        config.features().attentionBias() ? biased(layer, name + "_bias", flat, role) : flat;
    return Ops.reshape(
        whole, Shape.of(flat.shape().dim(0), Dim.of(heads), Dim.of(config.headDim())));
  }

  private static Value biased(Layer layer, String name, Value flat, Role role) {
    return Layer.named(
        layer.label(name), Ops.add(flat, layer.weights().bias(role, layer.number())));
  }
}
