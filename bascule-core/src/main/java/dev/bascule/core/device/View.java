package dev.bascule.core.device;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import java.util.List;

/**
 * How a library kernel's operand lies in its slice: element {@code offset + sum(index * stride)},
 * in elements of {@code dtype}. Strides may be 0 (broadcast) or those of a transpose.
 *
 * @param constant true where the bytes never change, so that an {@link Encoding} of them may be
 *     made once
 */
public record View(DType dtype, Shape shape, Dim offset, List<Dim> strides, boolean constant) {
  public View {
    strides = List.copyOf(strides);
  }

  public static View contiguous(DType dtype, Shape shape) {
    return new View(dtype, shape, Dim.ZERO, shape.strides(), false);
  }

  /** True where this is the row-major layout without gaps. */
  public boolean isContiguous() {
    List<Dim> expected = shape.strides();
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (!strides.get(axis).equals(expected.get(axis)) && !shape.dim(axis).is(1)) {
        return false;
      }
    }
    return true;
  }
}
