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
 * Repeats along new leading axes and along axes of extent 1 (the multidirectional broadcasting of
 * NumPy and ONNX).
 */
public record Broadcast(Shape shape) implements Op {
  @Override
  public String name() {
    return "Broadcast";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    TensorType operand = operands.getFirst();
    int added = shape.rank() - operand.shape().rank();
    boolean fits = added >= 0;
    for (int axis = 0; fits && axis < operand.shape().rank(); axis++) {
      Dim from = operand.shape().dim(axis);
      fits = from.is(1) || from.equals(shape.dim(axis + added));
    }
    if (!fits) {
      throw new ShapeException(
          "Broadcast of "
              + operand
              + " to "
              + shape
              + ": each trailing dimension must be equal, or 1 in the operand");
    }
    return List.of(new TensorType(operand.dtype(), shape));
  }

  /** The operand's axis that gives result axis {@code axis}, or -1 where the result repeats. */
  public int operandAxis(Shape operand, int axis) {
    int from = axis - (shape.rank() - operand.rank());
    return from < 0 || (operand.dim(from).is(1) && !shape.dim(axis).is(1)) ? -1 : from;
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Shape operand = node.operand(0).shape();
    List<Integer> repeated = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (operandAxis(operand, axis) < 0) {
        repeated.add(axis);
      }
    }
    return List.of(
        results
            .getFirst()
            .map(g -> Ops.reshape(Ops.reduce(Reduce.Kind.SUM, g, repeated, true), operand)));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    long[] extents = shape.evaluate(dims);
    long[] from = Strided.rowMajor(operand.extents());
    long[] strides = new long[extents.length];
    for (int axis = 0; axis < extents.length; axis++) {
      int source = operandAxis(node.operand(0).shape(), axis);
      strides[axis] = source < 0 ? 0 : from[source];
    }
    return List.of(Strided.read(operand, 0, strides, extents));
  }
}
