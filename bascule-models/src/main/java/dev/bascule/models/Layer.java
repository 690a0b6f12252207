package dev.bascule.models;

import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the blocks of one layer are made with: its weights, and labels that say where it is.
 *
 * @param last the rows that are asked for, in the last layer
 */
record Layer(
    DecoderConfig config,
    Weights weights,
    Linear.Activations activations,
    int number,
    Optional<Value> last) {
  /** The label of an op of this layer. */
  String label(String op) {
    return LayerFunction.label(number) + op;
  }

  /** The same value under a label, for plans and certificates. */
  static Value named(String label, Value value) {
    return Node.of(label, value.node().op(), value.node().operands()).results().get(value.index());
  }

  /**
   * Of x [n, ...] the rows that matter from here on: once keys and values are in the caches, those
   * that get logits are enough in the last layer.
   */
  Value asked(String op, Value x) {
    return last.map(rows -> named(label(op), Ops.gather(x, rows, 0))).orElse(x);
  }

  Value norm(String label, Value x, Role scale) {
    return named(label, Functions.rmsNorm(x, weights.vector(scale, number), config.normEpsilon()));
  }

  Value linear(String label, Value x, Role role) {
    return linear(label, x, List.of(role)).getFirst();
  }

  /** Several weights over one input, in one op. */
  List<Value> linear(String label, Value x, List<Role> roles) {
    List<WeightType> types = new ArrayList<>();
    List<Value> operands = new ArrayList<>(List.of(x));
    for (Role role : roles) {
      Weight weight = weights.matrix(role, number);
      types.add(weight.type());
      operands.add(weight.value());
    }
    return Node.of(label, new Linear(types, activations, false), operands).results();
  }

  /** Weights of experts over rows sorted by expert, in one op. */
  List<Value> grouped(String label, Value x, List<Role> roles, Value offsets) {
    List<WeightType> types = new ArrayList<>();
    List<Value> operands = new ArrayList<>(List.of(x));
    for (Role role : roles) {
      Weight weight = weights.matrix(role, number);
      types.add(weight.type());
      operands.add(weight.value());
    }
    operands.add(offsets);
    return Node.of(label, new Linear(types, activations, true), operands).results();
  }
}
