package dev.bascule.core;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first; rank 0 is a scalar. */
public record Shape(List<Dim> dims) {
  public static final Shape SCALAR = new Shape(List.of());

  public Shape {
    dims = List.copyOf(dims);
    for (Dim dim : dims) {
      if (dim.isConstant() && dim.constant() < 0) {
        throw new ShapeException("shape " + dims + ": a dimension is negative");
      }
    }
  }

  public static Shape of(long... extents) {
    List<Dim> dims = new ArrayList<>();
    for (long extent : extents) {
      dims.add(Dim.of(extent));
    }
    return new Shape(dims);
  }

  public static Shape of(Dim... dims) {
    return new Shape(List.of(dims));
  }

  public int rank() {
    return dims.size();
  }

  public Dim dim(int axis) {
    return dims.get(axis);
  }

  /** Number of elements. */
  public Dim elements() {
    Dim product = Dim.ONE;
    for (Dim dim : dims) {
      product = product.times(dim);
    }
    return product;
  }

  public boolean isConstant() {
    return dims.stream().allMatch(Dim::isConstant);
  }

  /** The extents for these bindings. */
  public long[] evaluate(Bindings bindings) {
    return dims.stream().mapToLong(dim -> dim.evaluate(bindings)).toArray();
  }

  /** Row-major strides in elements. */
  public List<Dim> strides() {
    Dim[] strides = new Dim[rank()];
    Dim stride = Dim.ONE;
    for (int axis = rank() - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride = stride.times(dims.get(axis));
    }
    return List.of(strides);
  }

  /** An axis counted from the end where negative; refused outside [-rank, rank). */
  public int axis(int axis) {
    if (axis < -rank() || axis >= rank()) {
      throw new ShapeException(
          "axis " + axis + " is outside the rank " + rank() + " of shape " + this);
    }
    return axis < 0 ? axis + rank() : axis;
  }

  @Override
  public String toString() {
    return dims.stream().map(Dim::toString).collect(Collectors.joining(", ", "[", "]"));
  }
}
