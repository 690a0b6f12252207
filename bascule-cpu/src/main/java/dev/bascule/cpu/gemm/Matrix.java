package dev.bascule.cpu.gemm;

/**
 * A matrix in native memory that somebody else owns.
 *
 * @param address of element [0, 0]
 * @param rowStride elements from [i, j] to [i + 1, j]
 * @param columnStride elements from [i, j] to [i, j + 1]
 */
public record Matrix(long address, long rowStride, long columnStride) implements RightOperand {

  /** Rows one after the other. */
  public static Matrix rowMajor(long address, long columns) {
    return new Matrix(address, columns, 1);
  }

  public Matrix transposed() {
    return new Matrix(address, columnStride, rowStride);
  }

  /** The address of an element. */
  long element(int elementBytes, long row, long column) {
    return address + (row * rowStride + column * columnStride) * elementBytes;
  }
}
