package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/** The same elements in the same row-major order under another shape. */
public record Reshape(Shape shape) implements Op {
  @Override
  public String name() {
    return "Reshape";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    TensorType operand = operands.getFirst();
    if (!operand.shape().elements().equals(shape.elements())) {
      throw new ShapeException(
          "Reshape of "
              + operand
              + " to "
              + shape
              + ": element counts "
              + operand.shape().elements()
              + " and "
              + shape.elements()
              + " differ");
    }
    return List.of(new TensorType(operand.dtype(), shape));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of(results.getFirst().map(g -> Ops.reshape(g, node.operand(0).shape())));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return List.of(operands.getFirst().reshaped(shape.evaluate(dims)));
  }
}
