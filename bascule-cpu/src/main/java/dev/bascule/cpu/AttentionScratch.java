package dev.bascule.cpu;

import dev.bascule.cpu.cache.CacheCode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One worker's part of the workspace of an attention, and the steps between its products bound to
 * it, for every size of block once that occurs.
 */
final class AttentionScratch implements AutoCloseable {
  private static final long ALIGNMENT_BYTES = 64;

  private record Size(int queries, long keys, boolean isFirst) {}

  /**
   * How much there is room for.
   *
   * @param rows queries of a block
   * @param scoreStride floats from one row of scores to the next
   * @param width elements per query and key
   * @param channels elements per value
   * @param hasBias true where something is added to the scores
   * @param cache what attention over a cache needs beside this
   */
  record Room(int rows, long scoreStride, long width, long channels, boolean hasBias, Cache cache) {
    Room(int rows, long scoreStride, long width, long channels, boolean hasBias) {
      this(rows, scoreStride, width, channels, hasBias, new Cache(0, 0, 0, 0));
    }

    private long products(Products products) {
      return products.workspaceBytes(Math.max(width, scoreStride));
    }

    private long biases() {
      return hasBias ? rows * scoreStride : 0;
    }

    /** What one worker needs. */
    private long bytes(Products products) {
      return roundUp(rows * scoreStride)
          + roundUp(biases())
          + roundUp(rows * channels)
          + 4 * roundUp(rows)
          + 2 * ALIGNMENT_BYTES
          + roundUp(cache.keys * width)
          + roundUp(cache.values * channels)
          + roundUp(cache.packed)
          + roundUp(cache.waiting * (channels + 2))
          + Math.ceilDiv(products(products), ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    }

    /** What so many workers need, wherever their memory begins. */
    long workspaceBytes(Products products, int workers) {
      return workers * bytes(products) + ALIGNMENT_BYTES;
    }
  }

  /**
   * What attention over a cache needs beside.
   *
   * @param keys rows in f32; 0 where they are read as they lie
   * @param values rows in f32; 0 where they are read as they lie
   * @param packed floats of keys that are packed for products
   * @param waiting queries whose sums wait for the next block of keys
   */
  record Cache(long keys, long values, long packed, long waiting) {}

  private final Room room;
  private final AttentionSteps steps;
  private final MemorySegment scores;
  private final MemorySegment bias;
  private final MemorySegment output;
  private final MemorySegment highest;
  private final MemorySegment sum;
  private final MemorySegment factor;
  private final MemorySegment logSum;
  private final MemorySegment shift;
  private final MemorySegment arguments;
  private final MemorySegment keys;
  private final MemorySegment values;
  private final MemorySegment packed;
  private final MemorySegment waiting;
  private final MemorySegment workspace;
  private final Products.Multiplier multiplier;
  private final Map<Size, KernelCode.BoundCode> weigh = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> rescale = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> finish = new HashMap<>();

  private AttentionScratch(
      Room room, Products products, AttentionSteps steps, MemorySegment memory) {
    this.room = room;
    this.steps = steps;
    int rows = room.rows;
    long[] at = {0};
    this.scores = take(memory, at, rows * room.scoreStride);
    this.bias = room.hasBias ? take(memory, at, room.biases()) : scores;
    this.output = take(memory, at, rows * room.channels);
    this.highest = take(memory, at, rows);
    this.sum = take(memory, at, rows);
    this.factor = take(memory, at, rows);
    this.logSum = take(memory, at, rows);
    this.shift = take(memory, at, Long.BYTES / Float.BYTES);
    this.arguments = take(memory, at, ALIGNMENT_BYTES / Float.BYTES);
    this.keys = take(memory, at, room.cache.keys * room.width);
    this.values = take(memory, at, room.cache.values * room.channels);
    this.packed = take(memory, at, room.cache.packed);
    this.waiting = take(memory, at, room.cache.waiting * (room.channels + 2));
    this.workspace = memory.asSlice(at[0], room.products(products));
    this.multiplier = products.multiplier(workspace);
  }

  /**
   * One for each worker.
   *
   * @param workspace {@link Room#workspaceBytes}
   */
  static List<AttentionScratch> each(
      Room room, Products products, AttentionSteps steps, MemorySegment workspace, int workers) {
    long bytes = room.bytes(products);
    long first =
        Math.ceilDiv(workspace.address(), ALIGNMENT_BYTES) * ALIGNMENT_BYTES - workspace.address();
    List<AttentionScratch> all = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      MemorySegment part = workspace.asSlice(first + worker * bytes, bytes);
      all.add(new AttentionScratch(room, products, steps, part));
    }
    return all;
  }

  private static MemorySegment take(MemorySegment memory, long[] at, long floats) {
    MemorySegment part = memory.asSlice(at[0], floats * Float.BYTES);
    at[0] += roundUp(floats);
    return part;
  }

  private static long roundUp(long floats) {
    return Math.ceilDiv(floats * Float.BYTES, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  /** Scores [query, key block]; turned into weights in place. */
  MemorySegment scores() {
    return scores;
  }

  /** What is added to the scores, [query, key block]. */
  MemorySegment bias() {
    return bias;
  }

  /** The running output [query, channel]. */
  MemorySegment output() {
    return output;
  }

  MemorySegment logSum() {
    return logSum;
  }

  /** The last key of the block that its first query sees, as i64. */
  MemorySegment shift() {
    return shift;
  }

  /** For a {@link RowWidener} or {@link CacheCode}. */
  MemorySegment arguments() {
    return arguments;
  }

  /** A block of keys in f32. */
  MemorySegment keys() {
    return keys;
  }

  /** A block of values in f32. */
  MemorySegment values() {
    return values;
  }

  /** Elements per key. */
  long width() {
    return room.width;
  }

  /** Of keys that are packed for products. */
  MemorySegment packed() {
    return packed;
  }

  /** The products' workspace. */
  MemorySegment workspace() {
    return workspace;
  }

  /** Keeps a block of queries' sums for the next block of keys. */
  void keep(long query, int queries) {
    move(query, queries, true);
  }

  /** Brings back what was kept. */
  void resume(long query, int queries) {
    move(query, queries, false);
  }

  private void move(long query, int queries, boolean keeps) {
    long at = query * (room.channels + 2) * Float.BYTES;
    long sums = (long) queries * Float.BYTES;
    move(output, at, sums * room.channels, keeps);
    move(highest, at + sums * room.channels, sums, keeps);
    move(sum, at + sums * (room.channels + 1), sums, keeps);
  }

  private void move(MemorySegment part, long at, long bytes, boolean keeps) {
    if (keeps) {
      MemorySegment.copy(part, 0, waiting, at, bytes);
    } else {
      MemorySegment.copy(waiting, at, part, 0, bytes);
    }
  }

  Products.Multiplier multiplier() {
    return multiplier;
  }

  /** Turns scores into weights. */
  void weigh(int queries, long keyCount, boolean isFirst) {
    run(weigh.computeIfAbsent(new Size(queries, keyCount, isFirst), this::bindWeigh));
  }

  private KernelCode.BoundCode bindWeigh(Size size) {
    KernelCode code = size.isFirst ? steps.first() : steps.next();
    return code.bind(
        List.of(scores, bias, shift, highest, sum, scores, highest, sum, factor),
        AttentionSteps.dims(size.queries, size.keys, room.scoreStride, room.channels));
  }

  /** Brings the running output to the new maximum. */
  void rescale(int queries) {
    run(
        rescale.computeIfAbsent(
            queries, rows -> bind(steps.rescale(), List.of(output, factor, output), rows)));
  }

  /** Divides the running output by the sum. */
  void finish(int queries) {
    run(
        finish.computeIfAbsent(
            queries,
            rows -> bind(steps.finish(), List.of(output, highest, sum, output, logSum), rows)));
  }

  private KernelCode.BoundCode bind(KernelCode code, List<MemorySegment> operands, int queries) {
    return code.bind(operands, AttentionSteps.dims(queries, 0, room.scoreStride, room.channels));
  }

  private static void run(KernelCode.BoundCode bound) {
    bound.run(0, 0, bound.units());
  }

  @Override
  public void close() {
    weigh.values().forEach(KernelCode.BoundCode::close);
    rescale.values().forEach(KernelCode.BoundCode::close);
    finish.values().forEach(KernelCode.BoundCode::close);
  }
}
