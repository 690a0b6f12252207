package dev.bascule.cpu.gemm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A right operand in the order in which tiles read it, for weights that are multiplied with again
 * and again: panels of {@code panelColumns} columns, each [k, column]; the last panel is as many
 * whole vectors wide as it needs. Made by {@link Gemm#pack}; belongs to the instruction set and the
 * element type it was made for.
 */
public final class PackedMatrix implements RightOperand, AutoCloseable {
  /** Of panels that this made; none where the memory is somebody else's. */
  private final Optional<Arena> arena;

  private final MemorySegment panels;
  private final long depth;
  private final long columns;

  private final int panelColumns;
  private final int lanes;

  private PackedMatrix(
      GemmCode code, long depth, long columns, MemorySegment panels, Optional<Arena> arena) {
    this.depth = depth;
    this.columns = columns;
    this.panelColumns = code.panelColumns();
    this.lanes = code.lanes;
    this.arena = arena;
    this.panels = panels;
  }

  /** Panels in memory of their own. */
  static PackedMatrix allocate(GemmCode code, long depth, long columns) {
    Arena arena = Arena.ofShared();
    MemorySegment panels = arena.allocate(bytes(code, depth, columns), 64);
    return new PackedMatrix(code, depth, columns, panels, Optional.of(arena));
  }

  /** Panels that lie, or will lie, in memory that somebody else owns. */
  static PackedMatrix at(GemmCode code, long depth, long columns, MemorySegment memory) {
    MemorySegment panels = memory.asSlice(0, bytes(code, depth, columns));
    return new PackedMatrix(code, depth, columns, panels, Optional.empty());
  }

  static long bytes(GemmCode code, long depth, long columns) {
    return Math.max(1, depth * roundUp(columns, code.lanes)) * code.type.bytes();
  }

  private static long roundUp(long columns, int lanes) {
    return (columns + lanes - 1) / lanes * lanes;
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

  /** The elements, panel after panel: what {@link #index} is an index of. */
  public MemorySegment panels() {
    return panels.asReadOnly();
  }

  /**
   * Where element [k, column] is among the {@link #panels}: for a gather of rows, and for
   * unpacking.
   */
  public long index(long k, long column) {
    long first = column - column % panelColumns;
    return first * depth + k * panelWidth(first) + column - first;
  }

  /** Columns, with padding, of the panel that begins at a column. */
  long panelWidth(long first) {
    return Math.min(panelColumns, roundUp(columns - first, lanes));
  }

  long address() {
    return panels.address();
  }

  /** Frees the panels where it owns them; no product may be using them. */
  @Override
  public void close() {
    arena.ifPresent(Arena::close);
  }
}
