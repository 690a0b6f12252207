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

/** Reorders axes: axis i of the result is axis {@code order[i]} of the operand. */
public record Permute(List<Integer> order) implements Op {
  public Permute {
    order = List.copyOf(order);
  }

  @Override
  public String name() {
    return "Permute";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    TensorType operand = operands.getFirst();
    boolean[] seen = new boolean[operand.shape().rank()];
    List<Dim> dims = new ArrayList<>();
    for (int axis : order) {
      if (axis < 0 || axis >= seen.length || seen[axis]) {
        throw new ShapeException(
            "Permute " + order + " is no permutation of the axes of " + operand);
      }
      seen[axis] = true;
      dims.add(operand.shape().dim(axis));
    }
    if (order.size() != seen.length) {
      throw new ShapeException(
          "Permute " + order + " must name all " + seen.length + " axes of " + operand);
    }
    return List.of(new TensorType(operand.dtype(), new Shape(dims)));
  }

  /** The permutation that undoes this one. */
  public Permute inverse() {
    Integer[] inverse = new Integer[order.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[order.get(i)] = i;
    }
    return new Permute(List.of(inverse));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of(results.getFirst().map(g -> Node.value(inverse(), g)));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    long[] from = Strided.rowMajor(operand.extents());
    long[] strides = new long[order.size()];
    long[] extents = new long[order.size()];
    for (int i = 0; i < strides.length; i++) {
      strides[i] = from[order.get(i)];
      extents[i] = operand.extent(order.get(i));
    }
    return List.of(Strided.read(operand, 0, strides, extents));
  }
}
