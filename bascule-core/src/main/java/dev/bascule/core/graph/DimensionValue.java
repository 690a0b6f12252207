package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/** The value of a dimension expression as an i64 scalar: shape arithmetic that data needs. */
public record DimensionValue(Dim dim) implements Op {
  @Override
  public String name() {
    return "DimensionValue";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 0);
    return List.of(TensorType.of(DType.I64, new long[0]));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return List.of(Tensor.of(new long[] {dim.evaluate(dims)}));
  }
}
