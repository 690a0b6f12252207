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
 * @param view the constant as it lies, with constant dimensions
 */
record MatmulEncoding(Gemm gemm, String isa, View view) implements Encoding {
  /** Batches begin at multiples of this. */
  private static final long ALIGNMENT_BYTES = 64;

  @Override
  public String name() {
    return "panels "
        + isa
        + " "
        + gemm.panelColumns()
        + " "
        + view.dtype()
        + view.shape()
        + " at "
        + view.offset()
        + " strides "
        + view.strides();
  }

  /** Batches, depth, columns. */
  private long[] sizes() {
    long[] extents = view.shape().evaluate(Bindings.NONE);
    int rank = extents.length;
    long batches = 1;
    for (int axis = 0; axis < rank - 2; axis++) {
      batches *= stride(axis) == 0 ? 1 : extents[axis];
    }
    return new long[] {batches, extents[rank - 2], extents[rank - 1]};
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
  public void encode(MemorySegment source, MemorySegment target) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment owned = source;
      if (!source.isNative() || source.isMapped()) {
        // emitted code reads only memory that cannot vanish under it, as a mapped file's can
        owned = arena.allocate(source.byteSize() + CpuMemory.SLACK_BYTES, ALIGNMENT_BYTES);
        owned.copyFrom(source);
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
    long[] extents = view.shape().evaluate(Bindings.NONE);
    long offset = view.offset().constant();
    long rest = batch;
    for (int axis = extents.length - 3; axis >= 0; axis--) {
      if (stride(axis) != 0) {
        offset += rest % extents[axis] * stride(axis);
        rest /= extents[axis];
      }
    }
    return offset;
  }

  /** Which of the encoded batches a batch of the product, over the leading axes, reads. */
  static int encodedBatch(View view, int batchAxes, int batch) {
    long[] extents = view.shape().evaluate(Bindings.NONE);
    long rest = batch;
    int encoded = 0;
    int factor = 1;
    for (int axis = batchAxes - 1; axis >= 0; axis--) {
      long digit = rest % extents[axis];
      rest /= extents[axis];
      if (view.strides().get(axis).constant() != 0) {
        encoded += (int) digit * factor;
        factor *= (int) extents[axis];
      }
    }
    return encoded;
  }

  /** True where the view's bytes and dimensions never change. */
  static boolean serves(View view) {
    return view.constant()
        && view.shape().isConstant()
        && view.offset().isConstant()
        && view.strides().stream().allMatch(stride -> stride.isConstant());
  }
}
