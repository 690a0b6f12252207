package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts operands one after the other along {@code axis}. */
public record Concat(int axis) implements Op {
  @Override
  public String name() {
    return "Concat";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    if (operands.isEmpty()) {
      throw new ShapeException("Concat needs at least one operand");
    }
    TensorType first = operands.getFirst();
    if (axis < 0 || axis >= first.shape().rank()) {
      throw new ShapeException("Concat along axis " + axis + " of " + first);
    }
    Dim sum = Dim.ZERO;
    for (TensorType operand : operands) {
      boolean fits =
          operand.dtype() == first.dtype() && operand.shape().rank() == first.shape().rank();
      for (int i = 0; fits && i < first.shape().rank(); i++) {
        fits = i == axis || operand.shape().dim(i).equals(first.shape().dim(i));
      }
      if (!fits) {
        throw new ShapeException(
            "Concat along axis " + axis + ": " + operand + " does not fit to " + first);
      }
      sum = sum.plus(operand.shape().dim(axis));
    }
    List<Dim> dims = new ArrayList<>(first.shape().dims());
    dims.set(axis, sum);
    return List.of(new TensorType(first.dtype(), new Shape(dims)));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    List<Optional<Value>> gradients = new ArrayList<>();
    Dim at = Dim.ZERO;
    for (Value operand : node.operands()) {
      Dim start = at;
      gradients.add(
          results.getFirst().map(g -> Ops.sliceAxis(g, axis, start, operand.shape().dim(axis))));
      at = at.plus(operand.shape().dim(axis));
    }
    return gradients;
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor result = Tensor.zeros(node.result().dtype(), node.result().shape().evaluate(dims));
    long[] strides = Strided.rowMajor(result.extents());
    long at = 0;
    for (Tensor operand : operands) {
      Strided.copy(
          operand,
          0,
          Strided.rowMajor(operand.extents()),
          result,
          at * strides[axis],
          strides,
          operand.extents());
      at += operand.extent(axis);
    }
    return List.of(result);
  }
}
