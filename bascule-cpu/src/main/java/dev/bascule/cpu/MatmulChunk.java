package dev.bascule.cpu;

import java.util.ArrayList;
import java.util.List;

/** A rectangle of one batch's product: what one thread computes at a time. */
record MatmulChunk(int batch, long rowFrom, long rowTo, long columnFrom, long columnTo) {
  /** Below this, a chunk is not worth handing to a thread. */
  private static final double CHUNK_OPERATIONS_MIN = 4e5;

  private static final int CHUNKS_PER_THREAD = 4;

  /** With an epilogue, what a chunk produces should still be in the second-level cache. */
  private static final long CHUNK_BYTES_MAX = 1 << 19;

  /**
   * Cuts a product.
   *
   * @param packed true where the right operand is packed: rows may be cut without packing it again
   * @param rowUnit rows are best cut at multiples of this
   * @param columnUnit columns are cut at multiples of this
   */
  static List<MatmulChunk> cut(
      MatmulShape shape,
      int threads,
      boolean packed,
      boolean epilogue,
      int elementBytes,
      long rowUnit,
      long columnUnit) {
    double perBatch = shape.operations() / Math.max(1, shape.batches());
    long wanted = threads == 1 ? 1 : (long) threads * CHUNKS_PER_THREAD;
    long pieces = Math.ceilDiv(wanted, Math.max(1, shape.batches()));
    pieces = Math.min(pieces, Math.max(1, (long) (perBatch / CHUNK_OPERATIONS_MIN)));
    if (epilogue) {
      long bytes = shape.rows() * shape.columns() * elementBytes;
      pieces = Math.max(pieces, Math.ceilDiv(bytes, CHUNK_BYTES_MAX));
    }
    long rowUnits = Math.ceilDiv(shape.rows(), rowUnit);
    long columnUnits = Math.ceilDiv(shape.columns(), columnUnit);
    // whoever cuts rows packs the right operand again for each piece, unless it is packed already
    boolean byRows = packed ? rowUnits >= pieces : columnUnits < pieces && rowUnits > columnUnits;
    long rowStep = byRows ? step(rowUnits, pieces) * rowUnit : shape.rows();
    long columnStep = byRows ? shape.columns() : step(columnUnits, pieces) * columnUnit;
    List<MatmulChunk> chunks = new ArrayList<>();
    for (int batch = 0; batch < shape.batches(); batch++) {
      for (long row = 0; row < shape.rows(); row += rowStep) {
        for (long column = 0; column < shape.columns(); column += columnStep) {
          chunks.add(
              new MatmulChunk(
                  batch,
                  row,
                  Math.min(row + rowStep, shape.rows()),
                  column,
                  Math.min(column + columnStep, shape.columns())));
        }
      }
    }
    return chunks;
  }

  private static long step(long units, long pieces) {
    return Math.max(1, Math.ceilDiv(units, pieces));
  }

  long rows() {
    return rowTo - rowFrom;
  }

  long columns() {
    return columnTo - columnFrom;
  }
}
