package dev.bascule.cpu.linear;

import dev.bascule.core.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Packs rows of floats: all rows' first element, then all rows' second. */
record FloatPacker(FloatFormat format, long k) implements TilePacker {
  /** Elements of a row that are packed together. */
  private static final int AT_ONCE = 16;

  @Override
  public void pack(MemorySegment rows, long at, int count, MemorySegment tile) {
    if (count < format.lanes()) {
      tile.fill((byte) 0);
    }
    for (long first = 0; first < k; first += AT_ONCE) {
      long end = Math.min(first + AT_ONCE, k);
      for (int lane = 0; lane < count; lane++) {
        long from = at + lane * k * format.elementBytes();
        if (format.dtype() == DType.F32) {
          words(rows, from, tile, lane, first, end);
        } else {
          halves(rows, from, tile, lane, first, end);
        }
      }
    }
  }

  private void words(
      MemorySegment rows, long from, MemorySegment tile, int lane, long first, long end) {
    for (long i = first; i < end; i++) {
      int value = rows.get(ValueLayout.JAVA_INT_UNALIGNED, from + i * Integer.BYTES);
      long to = (i * format.lanes() + lane) * Integer.BYTES;
      tile.set(ValueLayout.JAVA_INT_UNALIGNED, to, value);
    }
  }

  private void halves(
      MemorySegment rows, long from, MemorySegment tile, int lane, long first, long end) {
    for (long i = first; i < end; i++) {
      short value = rows.get(ValueLayout.JAVA_SHORT_UNALIGNED, from + i * Short.BYTES);
      long to = (i * format.lanes() + lane) * Short.BYTES;
      tile.set(ValueLayout.JAVA_SHORT_UNALIGNED, to, value);
    }
  }
}
