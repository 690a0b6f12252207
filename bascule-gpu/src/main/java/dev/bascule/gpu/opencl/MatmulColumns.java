package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.View;
import java.lang.foreign.MemorySegment;

/**
 * The right operand of a matrix product, [batch, k, n], as columns of 32 side by side: element
 * (batch, k, n) lies at {@code ((batch * tiles + n / 32) * K + k) * 32 + n % 32}, and columns
 * beyond the last are 0. Batches that are all the same bytes (strides 0) are kept once.
 */
record MatmulColumns(View view, String name) implements Encoding {
  /** Columns of a tile: two vectors of 16 floats. */
  static final int COLUMNS = 32;

  static MatmulColumns of(View view) {
    return new MatmulColumns(
        view,
        "columns32:%s:%s+%s%s"
            .formatted(view.dtype(), view.shape(), view.offset(), view.strides()));
  }

  /** True where every batch reads the same matrix. */
  static boolean isShared(View view) {
    return view.strides().subList(0, view.shape().rank() - 2).stream()
        .allMatch(stride -> stride.is(0));
  }

  @Override
  public long bytes() {
    long[] extents = view.shape().evaluate(Bindings.NONE);
    int rank = extents.length;
    long tiles = Math.ceilDiv(extents[rank - 1], COLUMNS);
    return view.dtype().bytes(batches(extents) * tiles * extents[rank - 2] * COLUMNS);
  }

  private long batches(long[] extents) {
    long batches = 1;
    for (int axis = 0; axis < extents.length - 2 && !isShared(view); axis++) {
      batches *= extents[axis];
    }
    return batches;
  }

  @Override
  public void encode(Source source, MemorySegment target) {
    MemorySegment matrix = source.whole();
    target.fill((byte) 0);
    long[] extents = view.shape().evaluate(Bindings.NONE);
    long[] strides = view.strides().stream().mapToLong(stride -> stride.constant()).toArray();
    int rank = extents.length;
    long inner = extents[rank - 2];
    long columns = extents[rank - 1];
    long tiles = Math.ceilDiv(columns, COLUMNS);
    long batches = columns == 0 ? 0 : batches(extents);
    int bytes = view.dtype().bits() / 8;
    for (long batch = 0; batch < batches; batch++) {
      long from = view.offset().constant();
      long rest = batch;
      for (int axis = rank - 3; axis >= 0; axis--) {
        from += rest % extents[axis] * strides[axis];
        rest /= extents[axis];
      }
      for (long k = 0; k < inner; k++) {
        for (long n = 0; n < columns; n++) {
          long at = ((batch * tiles + n / COLUMNS) * inner + k) * COLUMNS + n % COLUMNS;
          long element = from + k * strides[rank - 2] + n * strides[rank - 1];
          MemorySegment.copy(matrix, element * bytes, target, at * bytes, bytes);
        }
      }
    }
  }
}
