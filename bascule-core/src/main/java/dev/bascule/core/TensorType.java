package dev.bascule.core;

/** What is known of a tensor before it is computed: its element type and its shape. */
public record TensorType(DType dtype, Shape shape) {
  public static TensorType of(DType dtype, long... extents) {
    return new TensorType(dtype, Shape.of(extents));
  }

  public static TensorType of(DType dtype, Dim... dims) {
    return new TensorType(dtype, Shape.of(dims));
  }

  /** Bytes of storage, rounded up to whole bytes for packed types. */
  public Dim bytes() {
    return dtype.bits() >= 8
        ? shape.elements().times(dtype.bits() / 8)
        : shape.elements().times(dtype.bits()).ceilDiv(Dim.of(8));
  }

  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
