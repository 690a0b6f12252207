package dev.bascule.cpu.gemm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A right operand in the order in which tiles read it, for weights that are multiplied with again
 * and again: panels of {@code panelColumns} columns, each [k, column]; the last panel is as many
 * whole vectors wide as it needs. Made by {@link Gemm#pack}; belongs to the instruction set and the
 * element type it was made for.
 */
public final class PackedMatrix implements RightOperand, AutoCloseable {
  private final Arena arena;
  private final MemorySegment panels;
  private final long depth;
  private final long columns;

  PackedMatrix(long bytes, long depth, long columns) {
    this.arena = Arena.ofShared();
    this.panels = arena.allocate(bytes, 64);
    this.depth = depth;
    this.columns = columns;
  }

  /** Rows of the matrix: the inner dimension of products. */
  public long depth() {
    return depth;
  }

  public long columns() {
    return columns;
  }

  public long bytes() {
    return panels.byteSize();
  }

  long address() {
    return panels.address();
  }

  /** Frees the panels; no product may be using them. */
  @Override
  public void close() {
    arena.close();
  }
}
