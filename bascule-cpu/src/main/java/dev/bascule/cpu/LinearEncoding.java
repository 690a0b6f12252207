package dev.bascule.cpu;

import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.View;
import dev.bascule.cpu.linear.LinearTiles;
import dev.bascule.cpu.linear.TileFormat;
import dev.bascule.cpu.linear.TilePacker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A constant weight [(experts,) n, k] in tiles, expert by expert.
 *
 * @param view the constant as it lies
 */
record LinearEncoding(
    LinearTiles code, TileFormat format, long k, long rowBytes, View view, WorkerPool pool)
    implements Encoding {
  /** What is read at a time: enough for a call, little enough for the second-level cache. */
  private static final long PIECE_BYTES = 128 << 10;

  @Override
  public String name() {
    return format.name() + ", k " + k + ", " + view.shape() + " at " + view.offset();
  }

  private long extent(int fromLast) {
    int axis = view.shape().rank() - fromLast;
    return axis < 0 ? 1 : view.shape().dim(axis).constant();
  }

  private long rows() {
    return extent(2);
  }

  private long experts() {
    return extent(3);
  }

  @Override
  public long bytes() {
    return experts() * format.bytes(rows(), k);
  }

  @Override
  public void encode(Source source, MemorySegment target) {
    long tiles = Math.ceilDiv(rows(), code.lanes());
    pool.run(
        (worker, low, high) -> {
          try (Arena arena = Arena.ofConfined()) {
            Packing packing = new Packing(source, target, arena);
            long end;
            for (long tile = low; tile < high; tile = end) {
              long ofExpert = Math.min(high, (tile / tiles + 1) * tiles);
              end = Math.min(ofExpert, tile + packing.tilesMax);
              packing.pack(tile, end);
            }
          }
        },
        experts() * tiles,
        1);
  }

  /**
   * One worker's: rows of a few tiles of an expert at a time, from the source to its own memory.
   */
  private final class Packing {
    private final Source source;
    private final MemorySegment target;
    private final TilePacker packer;
    private final MemorySegment rows;
    private final long tilesMax;

    Packing(Source source, MemorySegment target, Arena arena) {
      this.source = source;
      this.target = target;
      this.packer = code.packer(format, k, arena);
      long tileRows = code.lanes() * rowBytes;
      this.tilesMax = Math.max(1, PIECE_BYTES / tileRows);
      this.rows = arena.allocate(tilesMax * tileRows, Long.BYTES);
    }

    /** Packs tiles of one expert from {@code first} up to {@code end}. */
    void pack(long first, long end) {
      long tiles = Math.ceilDiv(rows(), code.lanes());
      long firstRow = first % tiles * code.lanes();
      long count = Math.min((end - first) * code.lanes(), rows() - firstRow);
      long from = view.dtype().bytes(view.offset().constant());
      from += (first / tiles * rows() + firstRow) * rowBytes;
      source.read(from, rows.asSlice(0, count * rowBytes));
      long step = format.tileBytes(k);
      for (long tile = first; tile < end; tile++) {
        long row = (tile - first) * code.lanes();
        int here = (int) Math.min(code.lanes(), count - row);
        packer.pack(rows, row * rowBytes, here, target.asSlice(tile * step, step));
      }
    }
  }
}
