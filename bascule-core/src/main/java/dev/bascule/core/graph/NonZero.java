package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * The coordinates of the elements that are not zero, in row-major order: i64 [rank, count]. The
 * count depends on values, so the op ends a segment of the plan and binds {@code count} for the
 * next.
 */
public record NonZero(Symbol count) implements Op {
  @Override
  public String name() {
    return "NonZero";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    return List.of(
        TensorType.of(DType.I64, Dim.of(operands.getFirst().shape().rank()), Dim.of(count)));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    List<Long> found = new ArrayList<>();
    for (long i = 0; i < operand.elements(); i++) {
      if (operand.number(i) != 0) {
        found.add(i);
      }
    }
    Tensor result = Tensor.zeros(DType.I64, operand.rank(), found.size());
    long[] strides = Strided.rowMajor(operand.extents());
    for (int axis = 0; axis < operand.rank(); axis++) {
      for (int i = 0; i < found.size(); i++) {
        result.set(
            (long) axis * found.size() + i, found.get(i) / strides[axis] % operand.extent(axis));
      }
    }
    return List.of(result);
  }
}
