package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Takes slices of operand 0 along {@code axis} at the i64 indices of operand 1: result [before...,
 * indices..., after...]. An index outside [0, extent) raises a {@link DataException} when the plan
 * runs.
 */
public record Gather(int axis) implements Op {
  @Override
  public String name() {
    return "Gather";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 2);
    Shape data = operands.get(0).shape();
    if (axis < 0 || axis >= data.rank() || operands.get(1).dtype() != DType.I64) {
      throw new ShapeException(
          "Gather along axis "
              + axis
              + " takes data of higher rank and i64 indices, got "
              + operands);
    }
    List<Dim> dims = new ArrayList<>(data.dims().subList(0, axis));
    dims.addAll(operands.get(1).shape().dims());
    dims.addAll(data.dims().subList(axis + 1, data.rank()));
    return List.of(new TensorType(operands.get(0).dtype(), new Shape(dims)));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of(results.getFirst().map(g -> gradient(node, g)), Optional.empty());
  }

  private Value gradient(Node node, Value g) {
    Value data = node.operand(0);
    Value indices = node.operand(1);
    int added = indices.shape().rank();
    // [indices..., before..., after...]: scatter-add rows, then put the axis back
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < added; i++) {
      order.add(axis + i);
    }
    for (int i = 0; i < g.shape().rank(); i++) {
      if (i < axis || i >= axis + added) {
        order.add(i);
      }
    }
    Value rows = Ops.permute(g, order);
    Value flat = Ops.reshape(indices, Shape.of(indices.shape().elements()));
    List<Dim> rowShape = new ArrayList<>(rows.shape().dims().subList(added, rows.shape().rank()));
    List<Dim> updates = new ArrayList<>(rowShape);
    updates.addFirst(indices.shape().elements());
    List<Dim> target = new ArrayList<>(rowShape);
    target.addFirst(data.shape().dim(axis));
    Value zero = Ops.zeros(g.dtype(), new Shape(target));
    Value sum = Ops.scatter(Scatter.Kind.ADD, zero, flat, Ops.reshape(rows, new Shape(updates)));
    List<Integer> back = new ArrayList<>();
    for (int i = 0; i < axis; i++) {
      back.add(i + 1);
    }
    back.add(0);
    for (int i = axis + 1; i < target.size(); i++) {
      back.add(i);
    }
    return Ops.permute(sum, back);
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor data = operands.get(0);
    Tensor indices = operands.get(1);
    Tensor result = Tensor.zeros(data.dtype(), node.result().shape().evaluate(dims));
    long inner = 1;
    for (int i = axis + 1; i < data.rank(); i++) {
      inner *= data.extent(i);
    }
    long extent = data.extent(axis);
    long outer = extent * inner == 0 ? 0 : data.elements() / (extent * inner);
    for (long i = 0; i < indices.elements(); i++) {
      long index = indices.get(i);
      if (index < 0 || index >= extent) {
        throw new DataException(
            node.label()
                + ": index "
                + index
                + " is outside axis "
                + axis
                + " of extent "
                + extent);
      }
      for (long o = 0; o < outer; o++) {
        for (long j = 0; j < inner; j++) {
          result.set(
              (o * indices.elements() + i) * inner + j, data.get((o * extent + index) * inner + j));
        }
      }
    }
    return List.of(result);
  }
}
