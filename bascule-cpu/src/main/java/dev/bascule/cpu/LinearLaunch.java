package dev.bascule.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Linear layers with their operands: first the activations, then pieces of all weights. */
final class LinearLaunch implements CpuLaunch {
  /** Elements of activations that are worth another thread. */
  private static final long PREPARED_MIN = 1 << 14;

  /** Bytes of weights, times tokens, that are worth another thread. */
  private static final long CHUNK_BYTES_MIN = 1 << 15;

  private final String name;
  private final LinearShape shape;
  private final LinearPath path;
  private final MemorySegment offsets;
  private final WorkerPool pool;
  private final WorkerPool.Work multiplying = this::multiply;
  private final WorkerPool.Work preparing;
  private final long chunkMin;

  /** The experts that have tokens, and where those begin and end. */
  private final int[] experts;

  private final long[] from;
  private final long[] to;
  private int active;

  /**
   * @param offsets of experts' tokens, from the first on; empty where tokens are not grouped
   */
  LinearLaunch(
      String name, LinearShape shape, LinearPath path, MemorySegment offsets, WorkerPool pool) {
    this.name = name;
    this.shape = shape;
    this.path = path;
    this.offsets = offsets;
    this.pool = pool;
    this.preparing = path::prepare;
    this.experts = new int[shape.experts()];
    this.from = new long[shape.experts()];
    this.to = new long[shape.experts()];
    long tokens = Math.max(1, shape.tokens() / shape.experts());
    this.chunkMin = Math.ceilDiv(CHUNK_BYTES_MIN, Math.max(1, path.unitBytes(0) * tokens));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean run() {
    if (!findTokens()) {
      return true;
    }
    if (shape.tokens() == 0) {
      return false;
    }
    pool.run(preparing, shape.tokens(), Math.ceilDiv(PREPARED_MIN, shape.k()));
    long units = 0;
    for (int weight = 0; weight < shape.weights(); weight++) {
      units += active * path.units(weight);
    }
    pool.run(multiplying, units, chunkMin);
    return false;
  }

  /** False where the offsets do not ascend from 0 to the number of tokens. */
  private boolean findTokens() {
    active = 0;
    long before = shape.grouped() ? offset(0) : 0;
    boolean ascending = before == 0;
    for (int expert = 0; expert < experts.length; expert++) {
      long end = shape.grouped() ? offset(expert + 1) : shape.tokens();
      ascending &= before <= end;
      if (before < end) {
        experts[active] = expert;
        from[active] = before;
        to[active] = end;
        active++;
      }
      before = end;
    }
    return ascending && before == shape.tokens();
  }

  private long offset(long index) {
    return offsets.get(ValueLayout.JAVA_LONG_UNALIGNED, index * Long.BYTES);
  }

  /** Units count through weights, their experts with tokens, and these experts' pieces. */
  private void multiply(int worker, long low, long high) {
    long start = 0;
    for (int weight = 0; weight < shape.weights(); weight++) {
      long units = path.units(weight);
      for (int i = 0; i < active; i++) {
        long first = Math.max(low, start) - start;
        long end = Math.min(high, start + units) - start;
        if (first < end) {
          path.multiply(worker, weight, experts[i], from[i], to[i] - from[i], first, end);
        }
        start += units;
      }
    }
  }

  @Override
  public void close() {
    // nothing is held
  }
}
