package dev.bascule.models;

import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;
import java.util.ArrayList;
import java.util.List;

/** What the blocks of one layer are made with: its weights, and labels that say where it is. */
record Layer(DecoderConfig config, Weights weights, Linear.Activations activations, int number) {
  /** The label of an op of this layer. */
  String label(String op) {
    return LayerFunction.label(number) + op;
  }

  /** The same value under a label, for plans and certificates. */
  static Value named(String label, Value value) {
    return Node.of(label, value.node().op(), value.node().operands()).results().get(value.index());
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
