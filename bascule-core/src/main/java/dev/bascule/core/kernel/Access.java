package dev.bascule.core.kernel;

import dev.bascule.core.Dim;
import java.util.List;

/**
 * Where a kernel touches a parameter: element {@code offset + sum(index[axis] * strides[axis])}.
 * One stride per domain axis, in elements; 0 broadcasts. Views (transposes, slices, broadcasts,
 * flips) live here and cost nothing.
 */
public record Access(int parameter, Dim offset, List<Dim> strides) {
  public Access {
    strides = List.copyOf(strides);
  }

  /** True where the element does not depend on {@code axis}. */
  public boolean isUniform(int axis) {
    return strides.get(axis).is(0);
  }
}
