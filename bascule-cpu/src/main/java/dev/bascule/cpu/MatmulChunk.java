package dev.bascule.cpu;

import java.util.ArrayList;
import java.util.List;

/** A rectangle of one batch's product: what one thread computes at a time. */
record MatmulChunk(int batch, long rowFrom, long rowTo, long columnFrom, long columnTo) {
  private static final int CHUNKS_PER_THREAD = 4;

  /** With an epilogue, what a chunk produces should still be in the second-level cache. */
  private static final long CHUNK_BYTES_MAX = 1 << 19;

  // What things cost, in multiplications with additions:
  /** Reading an element of an operand from beyond the second-level cache. */
  private static final double READ_COST = 8;

  /** Packing an element of the right operand. */
  private static final double PACK_COST = 24;

  /** Handing a chunk to a thread. */
  private static final double CHUNK_COST = 4e4;

  /**
   * How a product is cut.
   *
   * @param packed true where the right operand is packed: rows may be cut without packing it again
   * @param rowUnit rows are best cut at multiples of this
   * @param columnUnit columns are cut at multiples of this
   */
  record Cut(
      int threads,
      boolean packed,
      boolean epilogue,
      int elementBytes,
      long rowUnit,
      long columnUnit) {}

  /** Rows and columns of a chunk. */
  private record Size(long rows, long columns) {}

  /** Cuts a product so that the last thread is done soonest. */
  static List<MatmulChunk> cut(MatmulShape shape, Cut how) {
    Size size = bestSize(shape, how);
    List<MatmulChunk> chunks = new ArrayList<>();
    for (int batch = 0; batch < shape.batches(); batch++) {
      for (long row = 0; row < shape.rows(); row += size.rows) {
        for (long column = 0; column < shape.columns(); column += size.columns) {
          chunks.add(
              new MatmulChunk(
                  batch,
                  row,
                  Math.min(row + size.rows, shape.rows()),
                  column,
                  Math.min(column + size.columns, shape.columns())));
        }
      }
    }
    return chunks;
  }

  private static Size bestSize(MatmulShape shape, Cut how) {
    long rowUnits = Math.max(1, Math.ceilDiv(shape.rows(), how.rowUnit));
    long columnUnits = Math.max(1, Math.ceilDiv(shape.columns(), how.columnUnit));
    long piecesMax = piecesMax(shape, how);
    Size best = new Size(Math.max(1, shape.rows()), Math.max(1, shape.columns()));
    double least = Double.POSITIVE_INFINITY;
    for (long byRow = 1; byRow <= Math.min(rowUnits, piecesMax); byRow++) {
      for (long byColumn = 1; byColumn <= Math.min(columnUnits, piecesMax / byRow); byColumn++) {
        Size size =
            new Size(
                Math.ceilDiv(rowUnits, byRow) * how.rowUnit,
                Math.ceilDiv(columnUnits, byColumn) * how.columnUnit);
        double cost = cost(shape, how, size);
        if (cost < least) {
          least = cost;
          best = size;
        }
      }
    }
    return best;
  }

  private static long piecesMax(MatmulShape shape, Cut how) {
    long wanted = how.threads == 1 ? 1 : (long) how.threads * CHUNKS_PER_THREAD;
    long pieces = Math.ceilDiv(wanted, Math.max(1, shape.batches()));
    if (how.epilogue) {
      long bytes = shape.rows() * shape.columns() * how.elementBytes;
      pieces = Math.max(pieces, 2 * Math.ceilDiv(bytes, CHUNK_BYTES_MAX));
    }
    return pieces;
  }

  /** What the thread with most to do does, and some waiting for whoever comes last. */
  private static double cost(MatmulShape shape, Cut how, Size size) {
    double rows = Math.min(size.rows, shape.rows());
    double columns = Math.min(size.columns, shape.columns());
    double read = rows + columns * (how.packed ? 1 : PACK_COST / READ_COST);
    double chunk = CHUNK_COST + shape.depth() * (rows * columns + READ_COST * read);
    if (how.epilogue && rows * columns * how.elementBytes > CHUNK_BYTES_MAX) {
      chunk += READ_COST * rows * columns;
    }
    long chunks =
        Math.max(1, shape.batches())
            * Math.ceilDiv(Math.max(1, shape.rows()), size.rows)
            * Math.ceilDiv(Math.max(1, shape.columns()), size.columns);
    double waiting = how.threads == 1 ? 0 : 0.25;
    return chunk * (Math.ceilDiv(chunks, how.threads) + waiting);
  }

  long rows() {
    return rowTo - rowFrom;
  }

  long columns() {
    return columnTo - columnFrom;
  }
}
