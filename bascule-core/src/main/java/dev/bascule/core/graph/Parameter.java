package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/** A value that comes from outside: an input of a run, or the first version of a state. */
public record Parameter(String label, TensorType type, Optional<State> state) implements Op {
  public static Value input(String label, TensorType type) {
    return Node.of(label, new Parameter(label, type, Optional.empty()), List.of()).result();
  }

  /** The first version of {@code state}: what the last run left. */
  public static Value read(State state) {
    return Node.of(
            state.name(), new Parameter(state.name(), state.type(), Optional.of(state)), List.of())
        .result();
  }

  @Override
  public String name() {
    return "Parameter";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 0);
    return List.of(type);
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    throw new IllegalStateException("parameter '" + label + "' must be given a value");
  }
}
