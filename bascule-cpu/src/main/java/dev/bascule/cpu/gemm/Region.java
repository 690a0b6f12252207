package dev.bascule.cpu.gemm;

/** A rectangle of the output: rows and columns from (inclusive) and to (exclusive). */
public record Region(long rowFrom, long rowTo, long columnFrom, long columnTo) {
  public Region {
    if (rowFrom < 0 || rowTo < rowFrom || columnFrom < 0 || columnTo < columnFrom) {
      throw new IllegalArgumentException(
          "region: rows "
              + rowFrom
              + " to "
              + rowTo
              + ", columns "
              + columnFrom
              + " to "
              + columnTo);
    }
  }

  public static Region all(long rows, long columns) {
    return new Region(0, rows, 0, columns);
  }

  public long rows() {
    return rowTo - rowFrom;
  }

  public long columns() {
    return columnTo - columnFrom;
  }
}
