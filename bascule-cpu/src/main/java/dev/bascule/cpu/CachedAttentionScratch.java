package dev.bascule.cpu;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One worker's part of the workspace, and the kernels bound to it for the sizes that occur: as a
 * cache grows there are few, since keys are rounded up.
 */
final class CachedAttentionScratch implements AutoCloseable {
  private static final long ALIGNMENT_BYTES = 64;

  private record Size(int queries, long keys, boolean isFirst) {}

  private final CachedAttentionShape shape;
  private final AttentionSteps steps;
  private final MemorySegment scores;
  private final MemorySegment output;
  private final MemorySegment highest;
  private final MemorySegment sum;
  private final MemorySegment factor;
  private final MemorySegment logSum;
  private final MemorySegment shift;
  private final MemorySegment arguments;
  private final MemorySegment keys;
  private final MemorySegment values;
  private final Products.Multiplier multiplier;
  private final Map<Size, KernelCode.BoundCode> weigh = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> rescale = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> finish = new HashMap<>();

  /**
   * @param memory {@link #bytes}, aligned to 64
   */
  CachedAttentionScratch(
      CachedAttentionShape shape, Products products, AttentionSteps steps, MemorySegment memory) {
    this.shape = shape;
    this.steps = steps;
    int rows = rows(shape);
    long[] at = {0};
    this.scores = take(memory, at, rows * shape.scoreStride());
    this.output = take(memory, at, (long) rows * shape.channels());
    this.highest = take(memory, at, rows);
    this.sum = take(memory, at, rows);
    this.factor = take(memory, at, rows);
    this.logSum = take(memory, at, rows);
    this.shift = take(memory, at, Long.BYTES / Float.BYTES);
    this.arguments = take(memory, at, RowWidener.ARGUMENT_BYTES / Float.BYTES);
    this.keys = take(memory, at, widened(shape, shape.width()));
    this.values = take(memory, at, widened(shape, shape.channels()));
    this.multiplier = products.multiplier(memory.asSlice(at[0], productBytes(shape, products)));
  }

  private static MemorySegment take(MemorySegment memory, long[] at, long floats) {
    MemorySegment part = memory.asSlice(at[0], floats * Float.BYTES);
    at[0] += roundUp(floats);
    return part;
  }

  private static long roundUp(long floats) {
    return Math.ceilDiv(floats * Float.BYTES, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  /** Enough for one query too. */
  private static int rows(CachedAttentionShape shape) {
    return Math.max(shape.rows(), shape.group());
  }

  private static long widened(CachedAttentionShape shape, int columns) {
    return shape.widens() ? shape.scoreStride() * columns : 0;
  }

  private static long productBytes(CachedAttentionShape shape, Products products) {
    return products.workspaceBytes(Math.max(shape.width(), shape.scoreStride()));
  }

  static long bytes(CachedAttentionShape shape, Products products) {
    int rows = rows(shape);
    return roundUp(rows * shape.scoreStride())
        + roundUp((long) rows * shape.channels())
        + 4 * roundUp(rows)
        + 2 * ALIGNMENT_BYTES
        + roundUp(widened(shape, shape.width()))
        + roundUp(widened(shape, shape.channels()))
        + Math.ceilDiv(productBytes(shape, products), ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  /** Scores [query, key block]; turned into weights in place. */
  MemorySegment scores() {
    return scores;
  }

  /** The running output [query, channel]. */
  MemorySegment output() {
    return output;
  }

  /** The last key of the block that the first query sees, as i64. */
  MemorySegment shift() {
    return shift;
  }

  /** For a {@link RowWidener}. */
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

  Products.Multiplier multiplier() {
    return multiplier;
  }

  /** A block that is not full ends with the keys that are seen, so that what follows is masked. */
  void weigh(int queries, long keyCount, boolean isFirst) {
    long step = CachedAttentionShape.KEY_STEP;
    long rounded = keyCount == shape.keyBlock() ? keyCount : Math.ceilDiv(keyCount, step) * step;
    run(weigh.computeIfAbsent(new Size(queries, rounded, isFirst), this::bindWeigh));
  }

  private KernelCode.BoundCode bindWeigh(Size size) {
    KernelCode code = size.isFirst ? steps.first() : steps.next();
    return code.bind(
        List.of(scores, scores, shift, highest, sum, scores, highest, sum, factor),
        AttentionSteps.dims(size.queries, size.keys, shape.scoreStride(), shape.channels()));
  }

  void rescale(int queries) {
    run(
        rescale.computeIfAbsent(
            queries,
            rows ->
                steps
                    .rescale()
                    .bind(
                        List.of(output, factor, output),
                        AttentionSteps.dims(rows, 0, shape.scoreStride(), shape.channels()))));
  }

  void finish(int queries) {
    run(
        finish.computeIfAbsent(
            queries,
            rows ->
                steps
                    .finish()
                    .bind(
                        List.of(output, highest, sum, output, logSum),
                        AttentionSteps.dims(rows, 0, shape.scoreStride(), shape.channels()))));
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
