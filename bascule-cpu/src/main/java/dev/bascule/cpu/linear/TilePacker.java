package dev.bascule.cpu.linear;

import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Packs rows of one weight into tiles, on one thread. */
public interface TilePacker {
  /**
   * Packs rows into one tile.
   *
   * @param rows of the weight, one after the other, the first at byte {@code at}; native memory
   *     that cannot vanish, as a mapped file's can
   * @param count at most as many as a tile has; what stands for missing rows is never stored
   */
  void pack(MemorySegment rows, long at, int count, MemorySegment tile);

  /** By {@link PackingKernel}. */
  final class Emitted implements TilePacker {
    private final MemorySegment code;
    private final int lanes;
    private final long rowBytes;
    private final MemorySegment block;
    private final MemorySegment offsets;
    private int rowsPlaced;

    Emitted(MemorySegment code, BlockFormat format, long k, Arena arena) {
      this.code = code;
      this.lanes = format.lanes();
      this.rowBytes = format.type().bytes(k);
      this.block = arena.allocate(PackingKernel.Argument.BLOCK_BYTES, Long.BYTES);
      this.offsets = arena.allocate((long) lanes * Integer.BYTES, Integer.BYTES);
      put(PackingKernel.Argument.ROWS, offsets.address());
      put(PackingKernel.Argument.UNITS, format.steps(k));
    }

    private void put(PackingKernel.Argument argument, long value) {
      block.set(ValueLayout.JAVA_LONG, argument.offset(), value);
    }

    /** Lanes without a row read the last one again. */
    private void placeRows(int count) {
      for (int lane = 0; lane < lanes; lane++) {
        long row = Math.min(lane, count - 1);
        offsets.setAtIndex(ValueLayout.JAVA_INT, lane, (int) (row * rowBytes));
      }
      rowsPlaced = count;
    }

    @Override
    public void pack(MemorySegment rows, long at, int count, MemorySegment tile) {
      if (count != rowsPlaced) {
        placeRows(count);
      }
      put(PackingKernel.Argument.FROM, rows.address() + at);
      put(PackingKernel.Argument.TO, tile.address());
      MachineCode.run(code, block.address(), 0, 0);
    }
  }
}
