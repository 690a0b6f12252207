package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.View;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.gemm.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A constant right operand in the panels that tiles read, one batch after the other.
 *
 * @param view the constant as it lies
 */
record MatmulEncoding(Gemm gemm, String isa, View view) implements Encoding {
  /** Batches begin at multiples of this. */
  private static final long ALIGNMENT_BYTES = 64;

  @Override
  public String name() {
    StringBuilder axes = new StringBuilder();
    for (int axis = 0; axis < view.shape().rank(); axis++) {
      if (isStored(view, axis)) {
        axes.append(' ').append(view.shape().dim(axis)).append(':').append(stride(axis));
      }
    }
    return "panels of "
        + gemm.panelColumns()
        + " for "
        + isa
        + ", "
        + view.dtype()
        + " at "
        + view.offset()
        + axes;
  }

  /** True for the axes of the matrices and for batch axes along which they differ. */
  private static boolean isStored(View view, int axis) {
    return axis >= view.shape().rank() - 2 || !view.strides().get(axis).is(0);
  }

  /** Batches, depth, columns. */
  private long[] sizes() {
    int rank = view.shape().rank();
    long batches = 1;
    for (int axis = 0; axis < rank - 2; axis++) {
      batches *= isStored(view, axis) ? extent(axis) : 1;
    }
    return new long[] {batches, extent(rank - 2), extent(rank - 1)};
  }

  private long extent(int axis) {
    return view.shape().dim(axis).constant();
  }

  private long stride(int axis) {
    return view.strides().get(axis).constant();
  }

  /** Bytes from one batch's panels to the next. */
  static long batchBytes(Gemm gemm, long depth, long columns) {
    return Math.ceilDiv(gemm.packedBytes(depth, columns), ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  @Override
  public long bytes() {
    long[] sizes = sizes();
    return sizes[0] * batchBytes(gemm, sizes[1], sizes[2]);
  }

  @Override
  public void encode(Source source, MemorySegment target) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment owned = source.whole();
      if (!owned.isNative() || owned.isMapped()) {
        // emitted code reads only memory that cannot vanish under it, as a mapped file's can
        MemorySegment copy =
            arena.allocate(owned.byteSize() + CpuMemory.SLACK_BYTES, ALIGNMENT_BYTES);
        copy.copyFrom(owned);
        owned = copy;
      }
      long[] sizes = sizes();
      int bytes = view.dtype().bits() / Byte.SIZE;
      int rank = view.shape().rank();
      long step = batchBytes(gemm, sizes[1], sizes[2]);
      for (long batch = 0; batch < sizes[0]; batch++) {
        long address = owned.address() + offset(batch) * bytes;
        Matrix matrix = new Matrix(address, stride(rank - 2), stride(rank - 1));
        gemm.pack(matrix, sizes[1], sizes[2], target.asSlice(batch * step, step));
      }
    }
  }

  private long offset(long batch) {
    long offset = view.offset().constant();
    long rest = batch;
    for (int axis = view.shape().rank() - 3; axis >= 0; axis--) {
      if (isStored(view, axis)) {
        offset += rest % extent(axis) * stride(axis);
        rest /= extent(axis);
      }
    }
    return offset;
  }

  /** Which of the encoded batches a batch of the product, over the leading axes, reads. */
  static int encodedBatch(View view, Bindings dims, int batchAxes, int batch) {
    long[] extents = view.shape().evaluate(dims);
    long rest = batch;
    int encoded = 0;
    int factor = 1;
    for (int axis = batchAxes - 1; axis >= 0; axis--) {
      long digit = rest % extents[axis];
      rest /= extents[axis];
      if (isStored(view, axis)) {
        encoded += (int) digit * factor;
        factor *= (int) extents[axis];
      }
    }
    return encoded;
  }

  /**
   * True where the bytes never change and the stored axes have constant dimensions; a batch that
   * all share may have any size.
   */
  static boolean serves(View view) {
    boolean fits = view.constant() && view.offset().isConstant();
    for (int axis = 0; axis < view.shape().rank(); axis++) {
      fits &= view.strides().get(axis).isConstant();
      fits &= !isStored(view, axis) || view.shape().dim(axis).isConstant();
    }
    return fits;
  }
}
