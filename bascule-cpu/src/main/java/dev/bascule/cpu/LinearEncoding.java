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
  public void encode(MemorySegment source, MemorySegment target) {
    long offset = view.dtype().bytes(view.offset().constant());
    long tiles = Math.ceilDiv(rows(), code.lanes());
    long step = format.tileBytes(k);
    pool.run(
        (worker, low, high) -> {
          try (Arena arena = Arena.ofConfined()) {
            TilePacker packer = code.packer(format, k, arena);
            for (long i = low; i < high; i++) {
              long row = i % tiles * code.lanes();
              long at = offset + (i / tiles * rows() + row) * rowBytes;
              int count = (int) Math.min(code.lanes(), rows() - row);
              packer.pack(source, at, count, target.asSlice(i * step, step));
            }
          }
        },
        experts() * tiles,
        1);
  }
}
