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

/**
 * Surrounds operand 0 with the scalar operand 1: {@code low} elements before and {@code high}
 * after, along each axis.
 */
public record Pad(List<Dim> low, List<Dim> high) implements Op {
  public Pad {
    low = List.copyOf(low);
    high = List.copyOf(high);
  }

  @Override
  public String name() {
    return "Pad";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 2);
    TensorType operand = operands.getFirst();
    TensorType value = operands.get(1);
    if (value.dtype() != operand.dtype() || value.shape().rank() != 0) {
      throw new ShapeException(
          "Pad: the value must be a scalar " + operand.dtype() + ", not " + value);
    }
    int rank = operand.shape().rank();
    if (low.size() != rank || high.size() != rank) {
      throw new ShapeException(
          "Pad of "
              + operand
              + " needs "
              + rank
              + " amounts before and after, got "
              + low
              + " and "
              + high);
    }
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      if (low.get(axis).max() < 0 || high.get(axis).max() < 0) {
        throw new ShapeException(
            "Pad of "
                + operand
                + ": axis "
                + axis
                + " is padded by a negative amount; slice instead");
      }
      dims.add(operand.shape().dim(axis).plus(low.get(axis)).plus(high.get(axis)));
    }
    return List.of(new TensorType(operand.dtype(), new Shape(dims)));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Shape inner = node.operand(0).shape();
    return List.of(
        results.getFirst().map(g -> Ops.slice(g, low, inner.dims())),
        results
            .getFirst()
            .map(g -> {
              Value outside = Ops.sub(g, Ops.pad(Ops.slice(g, low, inner.dims()), low, high));
              return Ops.sumAll(outside);
            }));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    Tensor result =
        Strided.filled(
            operand.dtype(), node.result().shape().evaluate(dims), operands.get(1).get(0));
    long[] strides = Strided.rowMajor(result.extents());
    long offset = 0;
    for (int axis = 0; axis < strides.length; axis++) {
      offset += low.get(axis).evaluate(dims) * strides[axis];
    }
    Strided.copy(
        operand,
        0,
        Strided.rowMajor(operand.extents()),
        result,
        offset,
        strides,
        operand.extents());
    return List.of(result);
  }
}
