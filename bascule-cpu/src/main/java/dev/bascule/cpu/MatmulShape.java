package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.View;
import java.util.ArrayList;
import java.util.List;

/**
 * A matmul's dimensions and where its operands lie, in elements. Batch axes along which the right
 * operand stays the same become rows where the left operand's rows follow each other: a linear
 * layer over [batch, sequence] is one product.
 *
 * @param batchAxes how many leading axes are left as batches
 * @param batches their positions, flattened
 * @param operands the left, the right, the initial one where there is one, and the result
 */
record MatmulShape(
    int batchAxes, long batches, long rows, long depth, long columns, List<Operand> operands) {

  /**
   * Where an operand lies.
   *
   * @param offsets of each batch's first element
   */
  record Operand(long[] offsets, long rowStride, long columnStride) {}

  static MatmulShape of(List<View> views, Bindings dims) {
    View left = views.get(0);
    int rank = left.shape().rank();
    long[] extents = left.shape().evaluate(dims);
    long depth = extents[rank - 1];
    long columns = views.get(1).shape().dim(rank - 1).evaluate(dims);
    long[][] strides = new long[views.size()][];
    for (int i = 0; i < strides.length; i++) {
      strides[i] =
          views.get(i).strides().stream().mapToLong(stride -> stride.evaluate(dims)).toArray();
    }
    long rows = extents[rank - 2];
    int batchAxes = rank - 2;
    while (batchAxes > 0 && followsRows(strides, extents[batchAxes - 1], batchAxes - 1, rows)) {
      rows *= extents[batchAxes - 1];
      batchAxes--;
    }
    long batches = 1;
    for (int axis = 0; axis < batchAxes; axis++) {
      batches = Math.multiplyExact(batches, extents[axis]);
    }
    List<Operand> operands = new ArrayList<>();
    for (int i = 0; i < strides.length; i++) {
      long offset = views.get(i).offset().evaluate(dims);
      long[] offsets = offsets(offset, extents, strides[i], batchAxes, batches);
      operands.add(new Operand(offsets, strides[i][rank - 2], strides[i][rank - 1]));
    }
    return new MatmulShape(batchAxes, batches, rows, depth, columns, operands);
  }

  /** True where stepping along a batch axis is stepping over {@code rows} rows. */
  private static boolean followsRows(long[][] strides, long extent, int axis, long rows) {
    if (extent == 1) {
      return true;
    }
    int rowAxis = strides[0].length - 2;
    boolean follows = strides[1][axis] == 0;
    for (int i = 0; i < strides.length; i++) {
      follows &= i == 1 || strides[i][axis] == rows * strides[i][rowAxis];
    }
    return follows;
  }

  private static long[] offsets(long base, long[] extents, long[] strides, int axes, long batches) {
    long[] offsets = new long[Math.toIntExact(batches)];
    for (int batch = 0; batch < offsets.length; batch++) {
      long rest = batch;
      offsets[batch] = base;
      for (int axis = axes - 1; axis >= 0; axis--) {
        offsets[batch] += rest % extents[axis] * strides[axis];
        rest /= extents[axis];
      }
    }
    return offsets;
  }

  Operand left() {
    return operands.get(0);
  }

  Operand result() {
    return operands.getLast();
  }

  Operand right() {
    return operands.get(1);
  }

  /** Multiplications and additions. */
  double operations() {
    return 2.0 * batches * rows * columns * depth;
  }
}
