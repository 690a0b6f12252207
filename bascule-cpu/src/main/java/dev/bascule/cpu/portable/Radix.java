package dev.bascule.cpu.portable;

/**
 * Element offsets along a group of axes, flattened row-major: position p has the digits of p in the
 * mixed radix {@code extents}, and the offset is their dot product with {@code strides}. Axes that
 * advance as one are merged, so most accesses have rank 0 or 1 and their runs are long.
 */
record Radix(long[] extents, long[] strides) {

  /** The offset function over {@code axes} axes from {@code first}. */
  static Radix of(long[] domain, long[] strides, int first, int axes) {
    long[] extents = new long[axes];
    long[] steps = new long[axes];
    int rank = 0;
    for (int axis = first; axis < first + axes; axis++) {
      if (domain[axis] == 1) {
        continue;
      }
      if (rank > 0 && steps[rank - 1] == strides[axis] * domain[axis]) {
        extents[rank - 1] *= domain[axis];
        steps[rank - 1] = strides[axis];
      } else {
        extents[rank] = domain[axis];
        steps[rank] = strides[axis];
        rank++;
      }
    }
    if (rank == 1 && steps[0] == 0) {
      rank = 0;
    }
    return new Radix(java.util.Arrays.copyOf(extents, rank), java.util.Arrays.copyOf(steps, rank));
  }

  int rank() {
    return extents.length;
  }

  /** True where the offset is position times {@link #stride()}. */
  boolean isLinear() {
    return extents.length <= 1;
  }

  /** Of a linear function. */
  long stride() {
    return extents.length == 0 ? 0 : strides[0];
  }
}
