package dev.bascule.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One worker's part of the workspace, and the kernels bound to it for every size of block that
 * occurs.
 */
final class AttentionScratch implements AutoCloseable {
  private static final long ALIGNMENT_BYTES = 64;

  private record Size(int queries, int keys, boolean isFirst) {}

  private final MemorySegment scores;
  private final MemorySegment bias;
  private final MemorySegment output;
  private final MemorySegment highest;
  private final MemorySegment sum;
  private final MemorySegment factor;
  private final MemorySegment logSum;
  private final MemorySegment shift;
  private final Products.Multiplier multiplier;
  private final Map<Size, KernelCode.BoundCode> weigh = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> rescale = new HashMap<>();
  private final Map<Integer, KernelCode.BoundCode> finish = new HashMap<>();
  private final List<KernelCode.BoundCode> all = new ArrayList<>();

  /**
   * @param memory {@link #bytes}, aligned to 64
   */
  AttentionScratch(
      AttentionShape shape, Products products, AttentionSteps steps, MemorySegment memory) {
    long[] at = {0};
    this.scores = take(memory, at, shape.scoreElements());
    this.bias = take(memory, at, shape.scoreElements());
    this.output = take(memory, at, shape.queryBlock() * shape.channels());
    this.highest = take(memory, at, shape.queryBlock());
    this.sum = take(memory, at, shape.queryBlock());
    this.factor = take(memory, at, shape.queryBlock());
    this.logSum = take(memory, at, shape.queryBlock());
    this.shift = take(memory, at, 2);
    this.multiplier = products.multiplier(memory.asSlice(at[0], productBytes(shape, products)));
    int lastQueries = shape.queriesIn(shape.queryBlocks() - 1);
    int lastKeys = shape.keysIn(shape.keyBlocks() - 1);
    for (int queries : new int[] {shape.queryBlock(), lastQueries}) {
      bindFor(shape, steps, queries, lastKeys, shape.keyBlocks() == 1);
      if (shape.keyBlocks() > 1) {
        bindFor(shape, steps, queries, shape.keyBlock(), true);
        bindFor(shape, steps, queries, shape.keyBlock(), false);
      }
    }
  }

  private static MemorySegment take(MemorySegment memory, long[] at, long floats) {
    MemorySegment part = memory.asSlice(at[0], floats * Float.BYTES);
    at[0] += roundUp(floats * Float.BYTES);
    return part;
  }

  private static long roundUp(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  private static long productBytes(AttentionShape shape, Products products) {
    return products.workspaceBytes(Math.max(shape.width(), shape.scoreStride()));
  }

  static long bytes(AttentionShape shape, Products products) {
    return 2 * roundUp(shape.scoreElements() * Float.BYTES)
        + roundUp(shape.queryBlock() * shape.channels() * Float.BYTES)
        + 4 * roundUp((long) shape.queryBlock() * Float.BYTES)
        + ALIGNMENT_BYTES
        + roundUp(productBytes(shape, products));
  }

  private void bindFor(
      AttentionShape shape, AttentionSteps steps, int queries, int keys, boolean isFirst) {
    var dims = AttentionSteps.dims(queries, keys, shape.scoreStride(), shape.channels());
    List<MemorySegment> operands =
        List.of(scores, bias, shift, highest, sum, scores, highest, sum, factor);
    weigh.computeIfAbsent(
        new Size(queries, keys, isFirst),
        size -> keep((isFirst ? steps.first() : steps.next()).bind(operands, dims)));
    rescale.computeIfAbsent(
        queries, size -> keep(steps.rescale().bind(List.of(output, factor, output), dims)));
    finish.computeIfAbsent(
        queries,
        size -> keep(steps.finish().bind(List.of(output, highest, sum, output, logSum), dims)));
  }

  private KernelCode.BoundCode keep(KernelCode.BoundCode bound) {
    all.add(bound);
    return bound;
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

  /** The last visible key of the block's first query, as i64. */
  MemorySegment shift() {
    return shift;
  }

  Products.Multiplier multiplier() {
    return multiplier;
  }

  void weigh(int queries, int keys, boolean isFirst) {
    run(weigh.get(new Size(queries, keys, isFirst)));
  }

  void rescale(int queries) {
    run(rescale.get(queries));
  }

  void finish(int queries) {
    run(finish.get(queries));
  }

  private static void run(KernelCode.@Nullable BoundCode bound) {
    if (bound == null) {
      throw new AssertionError("attention: a block of a size that was not bound");
    }
    bound.run(0, 0, bound.units());
  }

  @Override
  public void close() {
    all.forEach(KernelCode.BoundCode::close);
  }
}
