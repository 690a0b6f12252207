package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/**
 * A strided part: result index i along an axis is operand index {@code start + i * step}, for
 * {@code sizes} of them. Steps may be negative (a flip); every index must lie inside the operand
 * for all declared dimensions, which the caller has clamped.
 */
public record Slice(List<Dim> starts, List<Dim> sizes, List<Long> steps) implements Op {
  public Slice {
    starts = List.copyOf(starts);
    sizes = List.copyOf(sizes);
    steps = List.copyOf(steps);
  }

  @Override
  public String name() {
    return "Slice";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    TensorType operand = operands.getFirst();
    int rank = operand.shape().rank();
    if (starts.size() != rank || sizes.size() != rank || steps.size() != rank) {
      throw new ShapeException(
          "Slice of " + operand + " needs " + rank + " starts, sizes and steps, got " + this);
    }
    for (int axis = 0; axis < rank; axis++) {
      Dim extent = operand.shape().dim(axis);
      if (starts.get(axis).isConstant() && sizes.get(axis).isConstant() && extent.isConstant()) {
        check(
            operand,
            axis,
            starts.get(axis).constant(),
            sizes.get(axis).constant(),
            extent.constant());
      }
    }
    return List.of(new TensorType(operand.dtype(), new Shape(sizes)));
  }

  private void check(TensorType operand, int axis, long start, long size, long extent) {
    long last = start + (size - 1) * steps.get(axis);
    if (size > 0 && (start < 0 || start >= extent || last < 0 || last >= extent)) {
      throw new ShapeException(
          "Slice of "
              + operand
              + ": axis "
              + axis
              + " takes "
              + start
              + " to "
              + last
              + ", outside [0, "
              + extent
              + ")");
    }
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Shape operand = node.operand(0).shape();
    return List.of(results.getFirst().map(g -> unslice(g, operand)));
  }

  /**
   * Zeros of shape {@code operand} with {@code g} at the sliced places: flips, then padding between
   * and around.
   */
  private Value unslice(Value g, Shape operand) {
    Value value = g;
    for (int axis = 0; axis < operand.rank(); axis++) {
      Dim low = starts.get(axis);
      Dim size = sizes.get(axis);
      long step = steps.get(axis);
      if (step < 0) {
        value = Ops.flip(value, axis);
        low = low.plus(size.plus(-1).times(step));
        step = -step;
      }
      value = Ops.dilate(value, axis, step);
      Dim high = operand.dim(axis).minus(low).minus(value.shape().dim(axis));
      value = Ops.padAxis(value, axis, low, high);
    }
    return value;
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    long[] from = Strided.rowMajor(operand.extents());
    long[] strides = new long[from.length];
    long[] extents = new Shape(sizes).evaluate(dims);
    long offset = 0;
    for (int axis = 0; axis < from.length; axis++) {
      long start = starts.get(axis).evaluate(dims);
      check(operand.type(), axis, start, extents[axis], operand.extent(axis));
      offset += extents[axis] > 0 ? start * from[axis] : 0;
      strides[axis] = from[axis] * steps.get(axis);
    }
    return List.of(Strided.read(operand, offset, strides, extents));
  }
}
