package dev.bascule.cpu.gemm;

/**
 * Called with parts of the output while they are still in cache: where a bias or an activation is
 * applied.
 */
@FunctionalInterface
public interface FinishedTile {
  /** Does nothing. */
  FinishedTile NONE = (rowFrom, rowTo, columnFrom, columnTo) -> {};

  /** These rows and columns of the output are final. Each element is reported once. */
  void finished(long rowFrom, long rowTo, long columnFrom, long columnTo);
}
