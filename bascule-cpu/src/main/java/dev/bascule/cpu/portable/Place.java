package dev.bascule.cpu.portable;

import java.lang.foreign.MemorySegment;

/**
 * An access with its memory and dimensions: element {@code base + outer(row) + row(column)}.
 *
 * @param indexStride of a data-dependent load: elements per step of the index
 * @param indexExtent of a data-dependent load: how many steps there are; -1 elsewhere
 */
record Place(
    MemorySegment memory, long base, Radix outer, Radix row, long indexStride, long indexExtent) {
  boolean isIndexed() {
    return indexExtent >= 0;
  }

  int rank() {
    return Math.max(outer.rank(), row.rank());
  }
}
