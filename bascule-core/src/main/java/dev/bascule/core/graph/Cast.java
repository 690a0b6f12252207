package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/** The values in another dtype; {@link Conversions} says how each pair of dtypes rounds. */
public record Cast(DType to) implements Op {
  @Override
  public String name() {
    return "Cast";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    return List.of(new TensorType(to, operands.getFirst().shape()));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    DType from = node.operand(0).dtype();
    return List.of(
        from.isFloat() && to.isFloat()
            ? results.getFirst().map(g -> Ops.cast(g, from))
            : Optional.empty());
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    DType from = operands.getFirst().dtype();
    return List.of(
        Pointwise.evaluate(name(), operands, to, (b, x) -> Conversions.cast(b, from, to, x[0])));
  }
}
