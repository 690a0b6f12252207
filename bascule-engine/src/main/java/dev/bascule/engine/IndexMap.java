package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Which element of a value a domain point needs: one index per axis of the value. */
record IndexMap(List<Affine> indices) {
  IndexMap {
    indices = List.copyOf(indices);
  }

  /**
   * The map of a value whose axes are the first axes of the domain; along axes of extent 1 the
   * index is 0.
   */
  static IndexMap identity(Shape shape) {
    List<Affine> indices = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      indices.add(shape.dim(axis).is(1) ? Affine.ZERO : Affine.coordinate(axis));
    }
    return new IndexMap(indices);
  }

  Affine index(int axis) {
    return indices.get(axis);
  }

  boolean dependsOn(int domainAxis) {
    return indices.stream().anyMatch(index -> index.dependsOn(domainAxis));
  }

  /** The element's number in a row-major tensor of {@code shape}. */
  Affine linear(Shape shape) {
    Affine sum = Affine.ZERO;
    Dim stride = Dim.ONE;
    for (int axis = indices.size() - 1; axis >= 0; axis--) {
      sum = sum.plus(indices.get(axis).times(stride));
      // a tensor without elements may have any strides: with 0 a row would look like one element
      stride = shape.dim(axis).is(0) ? stride : stride.times(shape.dim(axis));
    }
    return sum;
  }

  /**
   * The indices in a tensor of {@code shape} of the element with this number, where they are
   * affine.
   */
  static Optional<IndexMap> split(Affine linear, Shape shape, List<Dim> domain) {
    Affine[] indices = new Affine[shape.rank()];
    Affine rest = linear;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      if (axis == 0) {
        indices[0] = rest;
      } else {
        Affine.Division division = rest.divide(shape.dim(axis), domain);
        if (division == null) {
          return Optional.empty();
        }
        indices[axis] = division.remainder();
        rest = division.quotient();
      }
    }
    // a leading axis of extent 1 must get index 0, not what is left over
    if (shape.rank() > 0 && shape.dim(0).is(1) && !indices[0].equals(Affine.ZERO)) {
      return Optional.empty();
    }
    return Optional.of(new IndexMap(Arrays.asList(indices)));
  }
}
