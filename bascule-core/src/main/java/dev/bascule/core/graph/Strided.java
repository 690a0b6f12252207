package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;

/** Element-by-element copies between strided regions: the reference meaning of movement ops. */
final class Strided {
  private Strided() {}

  /** A new tensor whose element at index i is {@code source[offset + i . strides]}. */
  static Tensor read(Tensor source, long offset, long[] strides, long[] extents) {
    Tensor result = Tensor.zeros(source.dtype(), extents);
    copy(source, offset, strides, result, 0, rowMajor(extents), extents);
    return result;
  }

  /**
   * {@code target[targetOffset + i . targetStrides] = source[sourceOffset + i . sourceStrides]} for
   * i in the box of extents.
   */
  static void copy(
      Tensor source,
      long sourceOffset,
      long[] sourceStrides,
      Tensor target,
      long targetOffset,
      long[] targetStrides,
      long[] extents) {
    long count = 1;
    for (long extent : extents) {
      count *= extent;
    }
    long[] index = new long[extents.length];
    long from = sourceOffset;
    long to = targetOffset;
    for (long n = 0; n < count; n++) {
      target.set(to, source.get(from));
      for (int axis = extents.length - 1; axis >= 0; axis--) {
        from += sourceStrides[axis];
        to += targetStrides[axis];
        if (++index[axis] < extents[axis]) {
          break;
        }
        from -= sourceStrides[axis] * extents[axis];
        to -= targetStrides[axis] * extents[axis];
        index[axis] = 0;
      }
    }
  }

  static long[] rowMajor(long[] extents) {
    long[] strides = new long[extents.length];
    long stride = 1;
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= extents[axis];
    }
    return strides;
  }

  static Tensor filled(DType dtype, long[] extents, long bits) {
    Tensor tensor = Tensor.zeros(dtype, extents);
    for (long i = 0; i < tensor.elements(); i++) {
      tensor.set(i, bits);
    }
    return tensor;
  }
}
