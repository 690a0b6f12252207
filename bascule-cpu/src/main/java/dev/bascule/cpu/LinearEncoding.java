package dev.bascule.cpu;

import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.View;
import dev.bascule.cpu.linear.TileFormat;
import java.lang.foreign.MemorySegment;

/**
 * A constant weight [(experts,) n, k] in tiles, expert by expert.
 *
 * @param view the constant as it lies
 */
record LinearEncoding(TileFormat format, long k, long rowBytes, View view, WorkerPool pool)
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
    int lanes = TileFormat.lanes(format.level());
    long tiles = Math.ceilDiv(rows(), lanes);
    long step = format.tileBytes(k);
    long offset = view.offset().constant() * (view.dtype().bits() / Byte.SIZE);
    WorkerPool.Work work =
        (worker, low, high) -> {
          for (long i = low; i < high; i++) {
            long row = i % tiles * lanes;
            long at = offset + (i / tiles * rows() + row) * rowBytes;
            int count = (int) Math.min(lanes, rows() - row);
            format.pack(source, at, count, k, target.asSlice(i * step, step));
          }
        };
    pool.run(work, experts() * tiles, 1);
  }
}
