package dev.bascule.cpu.portable;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Matrix products of f32 in loops that the JIT vectorises, for one thread.
 *
 * <p>Blocks of the right operand are copied to arrays; each row of the result then passes over a
 * block, four values of k at a time: {@code sum[j] = fma(a3, b3[j], fma(a2, b2[j], ...))}. Every
 * sum stays one fma chain over ascending k.
 */
public final class PortableProduct {
  /** Rows that make a block of the right operand worth copying. */
  public static final int ROWS = 16;

  /** Columns of a block: several vectors in any instruction set. */
  public static final int COLUMNS = 256;

  private static final int DEPTH = 64;

  /** All of native memory: operands are given by address. */
  private static final MemorySegment MEMORY =
      MemorySegment.ofAddress(0).reinterpret(Long.MAX_VALUE);

  private final float[][] right = new float[DEPTH][COLUMNS];
  private final float[] left = new float[DEPTH];
  private final float[] sums = new float[COLUMNS];

  /** Computes a region of a product whose right operand is not packed. */
  public void multiply(Product product, Region region) {
    if (!(product.rhs() instanceof Matrix rhs)) {
      throw new IllegalArgumentException("portable products read operands as they lie");
    }
    for (long column = region.columnFrom(); column < region.columnTo(); column += COLUMNS) {
      int columns = (int) Math.min(COLUMNS, region.columnTo() - column);
      long k = 0;
      do {
        int depth = (int) Math.min(DEPTH, product.depth() - k);
        for (int i = 0; i < depth; i++) {
          load(
              rhs.address(),
              (k + i) * rhs.rowStride() + column * rhs.columnStride(),
              rhs.columnStride(),
              columns,
              right[i]);
        }
        boolean fresh = k == 0 && product.start() == Product.Start.ZERO;
        for (long row = region.rowFrom(); row < region.rowTo(); row++) {
          addRow(product, row, k, depth, column, columns, fresh);
        }
        k += depth;
      } while (k < product.depth());
    }
  }

  private void addRow(
      Product product, long row, long k, int depth, long column, int columns, boolean fresh) {
    Matrix lhs = product.lhs();
    load(
        lhs.address(),
        row * lhs.rowStride() + k * lhs.columnStride(),
        lhs.columnStride(),
        depth,
        left);
    long out = row * product.out().rowStride() + column;
    if (fresh) {
      Arrays.fill(sums, 0, columns, 0f);
    } else {
      load(product.out().address(), out, 1, columns, sums);
    }
    int i = 0;
    for (; i + 4 <= depth; i += 4) {
      addFour(
          sums,
          left[i],
          left[i + 1],
          left[i + 2],
          left[i + 3],
          right[i],
          right[i + 1],
          right[i + 2],
          right[i + 3],
          columns);
    }
    for (; i < depth; i++) {
      addOne(sums, left[i], right[i], columns);
    }
    MemorySegment.copy(
        sums,
        0,
        MEMORY,
        JAVA_FLOAT_UNALIGNED,
        product.out().address() + out * Float.BYTES,
        columns);
  }

  private static void addFour(
      float[] sums,
      float a0,
      float a1,
      float a2,
      float a3,
      float[] b0,
      float[] b1,
      float[] b2,
      float[] b3,
      int n) {
    for (int j = 0; j < n; j++) {
      float sum = Math.fma(a0, b0[j], sums[j]);
      sum = Math.fma(a1, b1[j], sum);
      sum = Math.fma(a2, b2[j], sum);
      sums[j] = Math.fma(a3, b3[j], sum);
    }
  }

  private static void addOne(float[] sums, float a, float[] b, int n) {
    for (int j = 0; j < n; j++) {
      sums[j] = Math.fma(a, b[j], sums[j]);
    }
  }

  private static void load(long address, long element, long stride, int n, float[] to) {
    long from = address + element * Float.BYTES;
    if (stride == 1) {
      MemorySegment.copy(MEMORY, JAVA_FLOAT_UNALIGNED, from, to, 0, n);
      return;
    }
    for (int i = 0; i < n; i++) {
      to[i] = MEMORY.get(JAVA_FLOAT_UNALIGNED, from + i * stride * Float.BYTES);
    }
  }
}
