package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/** The coordinate along {@code axis}, as i64. */
public record Iota(Shape shape, int axis) implements Op {
  @Override
  public String name() {
    return "Iota";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 0);
    if (axis < 0 || axis >= shape.rank()) {
      throw new ShapeException("Iota along axis " + axis + " of " + shape);
    }
    return List.of(new TensorType(DType.I64, shape));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor result = Tensor.zeros(DType.I64, shape.evaluate(dims));
    long stride = Strided.rowMajor(result.extents())[axis];
    for (long i = 0; i < result.elements(); i++) {
      result.set(i, i / stride % result.extent(axis));
    }
    return List.of(result);
  }
}
