package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.CachedAttention;

/**
 * Dimensions of an attention over a cache and how it is cut: a unit is a block of queries of one
 * head, or the one query of all heads that share a part of the cache.
 *
 * @param width elements per query and key
 * @param channels elements per value
 * @param rows queries of a unit, at most
 */
record CachedAttentionShape(
    long queries,
    int heads,
    int kvHeads,
    long capacity,
    int width,
    int channels,
    DType cache,
    int keyBlock,
    int rows) {
  private static final int SCORES_MAX = 1 << 16;
  private static final int ROWS_MAX = 128;
  private static final int ROWS_MIN = 16;

  /** Keys of a block are rounded up to this where the kernels between the products run. */
  private static final int KEY_STEP = 32;

  static CachedAttentionShape of(LibraryCall call, Bindings dims) {
    View q = call.operands().get(0);
    View k = call.operands().get(1);
    View v = call.operands().get(2);
    long queries = q.shape().dim(0).evaluate(dims);
    int heads = Math.toIntExact(q.shape().dim(1).constant());
    int kvHeads = Math.toIntExact(k.shape().dim(1).constant());
    long capacity = k.shape().dim(0).evaluate(dims);
    int keyBlock = ((CachedAttention) call.op()).keyBlock();
    // from the declared range, so that a workspace for the largest dimensions serves all
    long block = Math.clamp(k.shape().dim(0).max(), 1, keyBlock);
    int most = Math.clamp(SCORES_MAX / block, ROWS_MIN, ROWS_MAX);
    int rows = queries == 1 ? heads / kvHeads : Math.clamp(queries, 1, most);
    return new CachedAttentionShape(
        queries,
        heads,
        kvHeads,
        capacity,
        Math.toIntExact(q.shape().dim(2).constant()),
        Math.toIntExact(v.shape().dim(2).constant()),
        k.dtype(),
        keyBlock,
        rows);
  }

  /** True where the rows of a unit are heads. */
  boolean isSingle() {
    return queries == 1;
  }

  int group() {
    return heads / kvHeads;
  }

  long blocks() {
    return isSingle() ? 1 : Math.ceilDiv(queries, (long) rows);
  }

  long units() {
    return queries == 0 ? 0 : isSingle() ? kvHeads : heads * blocks();
  }

  int rowsIn(long block) {
    return isSingle() ? rows : (int) Math.min(rows, queries - block * rows);
  }

  /** Floats from one row of a block of scores to the next. */
  long scoreStride() {
    return Math.ceilDiv(Math.clamp(capacity, 1, keyBlock), (long) KEY_STEP) * KEY_STEP;
  }

  /** A block that is not full ends with the keys that are seen, so that what follows is masked. */
  long weighed(long keys) {
    return keys == keyBlock ? keys : Math.ceilDiv(keys, (long) KEY_STEP) * KEY_STEP;
  }

  /** Enough for one query too. */
  AttentionScratch.Room room() {
    long widened = cache == DType.F32 ? 0 : scoreStride();
    return new AttentionScratch.Room(
        Math.max(rows, group()), scoreStride(), width, channels, false, widened);
  }
}
