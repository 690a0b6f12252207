package dev.bascule.cpu.gemm;

/**
 * {@code out[m, n] = start + sum over k of lhs[m, k] * rhs[k, n]}.
 *
 * @param lhs [rows, depth], any strides
 * @param rhs [depth, columns], any strides or packed
 * @param out [rows, columns], columns contiguous; overlaps neither operand
 * @param depth the inner dimension
 * @param start what each sum starts from
 */
public record Product(Matrix lhs, RightOperand rhs, Matrix out, long depth, Start start) {

  /** What a sum starts from. */
  public enum Start {
    ZERO,
    /** What {@code out} holds. */
    OUT
  }

  public Product {
    if (out.columnStride() != 1) {
      throw new IllegalArgumentException(
          "matmul output: column stride "
              + out.columnStride()
              + ", expected 1; multiply transposed?");
    }
    if (depth < 0) {
      throw new IllegalArgumentException("matmul: inner dimension " + depth);
    }
    if (rhs instanceof PackedMatrix packed && packed.depth() != depth) {
      throw new IllegalArgumentException(
          "matmul: inner dimension " + depth + ", the packed operand has " + packed.depth());
    }
  }
}
