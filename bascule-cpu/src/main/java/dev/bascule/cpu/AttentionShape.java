package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Attention;

/**
 * Dimensions of an attention and how it is cut: queries in blocks small enough that a block of
 * scores stays in the second-level cache.
 *
 * @param width elements per query and key
 * @param channels elements per value
 */
record AttentionShape(
    long batches,
    long heads,
    long queries,
    long keys,
    long width,
    long channels,
    int keyBlock,
    int queryBlock) {
  private static final int SCORES_MAX = 1 << 16;
  private static final int QUERY_BLOCK_MAX = 192;
  private static final int QUERY_BLOCK_MIN = 16;

  static AttentionShape of(LibraryCall call, Attention attention, Bindings dims) {
    View q = call.operands().get(0);
    View v = call.operands().get(2);
    long[] extents = q.shape().evaluate(dims);
    long keys = v.shape().dim(2).evaluate(dims);
    // from the declared range, so that a workspace for the largest dimensions serves all
    long block = Math.clamp(v.shape().dim(2).max(), 1, attention.keyBlock());
    int most = Math.clamp(SCORES_MAX / block, QUERY_BLOCK_MIN, QUERY_BLOCK_MAX);
    return new AttentionShape(
        extents[0],
        extents[1],
        extents[2],
        keys,
        extents[3],
        v.shape().dim(3).evaluate(dims),
        attention.keyBlock(),
        Math.clamp(extents[2], 1, most));
  }

  long queryBlocks() {
    return Math.ceilDiv(queries, (long) queryBlock);
  }

  /** At least one: without keys, the first block says so. */
  long keyBlocks() {
    return Math.max(1, Math.ceilDiv(keys, (long) keyBlock));
  }

  int queriesIn(long block) {
    return (int) Math.min(queryBlock, queries - block * queryBlock);
  }

  int keysIn(long block) {
    return (int) Math.min(keyBlock, keys - block * keyBlock);
  }

  /** Floats from one row of a block of scores to the next. */
  long scoreStride() {
    return Math.clamp(keys, 1, keyBlock);
  }

  AttentionScratch.Room room() {
    return new AttentionScratch.Room(queryBlock, scoreStride(), width, channels, true);
  }

  double operations() {
    return 2.0 * batches * heads * queries * keys * (width + channels);
  }
}
