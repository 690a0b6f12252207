package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.cpu.cache.CacheFormat;
import dev.bascule.cpu.gemm.Gemm;

/**
 * Dimensions of an attention over a cache and how it is cut: a unit is a block of queries of some
 * heads that share a head of the cache, so that the cache is read, and made ready for products,
 * once for all of them.
 *
 * @param width elements per query and key
 * @param channels elements per value
 * @param window keys that a query sees at most; 0 for all
 * @param rows queries of a unit, at most
 * @param heads heads of a unit, at most
 */
record CachedAttentionShape(
    long queries,
    int group,
    int kvHeads,
    long capacity,
    int width,
    int channels,
    CacheFormat format,
    int keyBlock,
    int window,
    int rows,
    int heads) {
  private static final int ROWS_MAX = 128;

  /** Queries times heads whose sums stay in the second-level cache beside a block of the cache. */
  private static final int UNIT_ROWS_MAX = 256;

  /** Queries that are taken at a time: few, since the keys that none of them sees are left out. */
  static final int STRIP = 24;

  /** Keys of a block are rounded up to this where the kernels between the products run. */
  private static final int KEY_STEP = 32;

  /**
   * @param headsMax of one query that are computed together
   */
  static CachedAttentionShape of(LibraryCall call, Bindings dims, int headsMax) {
    CachedAttention op = (CachedAttention) call.op();
    View q = call.operands().get(0);
    View k = call.operands().get(1);
    View v = call.operands().get(2);
    long queries = q.shape().dim(0).evaluate(dims);
    int kvHeads = Math.toIntExact(k.shape().dim(1).constant());
    int group = Math.toIntExact(q.shape().dim(1).constant()) / kvHeads;
    // from the declared range, so that a workspace for the largest dimensions serves all
    int rows = Math.clamp(q.shape().dim(0).max(), 1, ROWS_MAX);
    return new CachedAttentionShape(
        queries,
        group,
        kvHeads,
        k.shape().dim(0).evaluate(dims),
        Math.toIntExact(q.shape().dim(2).constant()),
        Math.toIntExact(v.shape().dim(2).constant()),
        format(k),
        op.keyBlock(),
        op.window(),
        rows,
        Math.min(group, queries == 1 ? headsMax : UNIT_ROWS_MAX / rows));
  }

  static CacheFormat format(View cache) {
    return switch (cache.dtype()) {
      case F32 -> CacheFormat.F32;
      case F16 -> CacheFormat.F16;
      case BF16 -> CacheFormat.BF16;
      case I8 -> CacheFormat.Q8_0;
      default -> throw new IllegalArgumentException("a cache of " + cache.dtype());
    };
  }

  /** True where a unit has one query. */
  boolean isSingle() {
    return queries == 1;
  }

  /** Into how many parts the heads are cut that share a head of the cache. */
  int parts() {
    return Math.ceilDiv(group, heads);
  }

  private long blocks() {
    return Math.ceilDiv(queries, (long) rows);
  }

  long units() {
    return (long) kvHeads * parts() * blocks();
  }

  /** A unit: {@code rows} queries of {@code heads} heads, from these on. */
  record Unit(int kvHead, int head, int heads, long query, int rows) {}

  /** Later queries see more keys: they come first, so that threads are done at the same time. */
  Unit unit(long number) {
    long block = blocks() - 1 - number % blocks();
    long part = number / blocks() % parts();
    int kvHead = Math.toIntExact(number / blocks() / parts());
    int from = Math.toIntExact(group * part / parts());
    int to = Math.toIntExact(group * (part + 1) / parts());
    long query = block * rows;
    return new Unit(
        kvHead, kvHead * group + from, to - from, query, (int) Math.min(rows, queries - query));
  }

  /** Floats from one row of a block of scores to the next. */
  long scoreStride() {
    return roundUp(Math.clamp(capacity, 1, keyBlock));
  }

  private static long roundUp(long keys) {
    return Math.ceilDiv(keys, (long) KEY_STEP) * KEY_STEP;
  }

  /** The first key that a query at this position sees. */
  long firstKey(long position) {
    return window == 0 ? 0 : Math.max(0, position - window + 1);
  }

  /** The first key of the block in which the first lies that a query at this position sees. */
  long firstBlock(long position) {
    return firstKey(position) / keyBlock * keyBlock;
  }

  /** A block that is not full ends with the keys that are seen, so that what follows is masked. */
  long weighed(long keys) {
    return keys == keyBlock ? keys : roundUp(keys);
  }

  /** Enough for one query too. */
  AttentionScratch.Room room(Products products) {
    boolean widens = format != CacheFormat.F32;
    long packed = products.packing().map(this::packedFloats).orElse(0L);
    var cache =
        new AttentionScratch.Cache(
            widens ? scoreStride() : 0,
            widens ? scoreStride() : 0,
            packed,
            capacity > keyBlock ? Math.max(rows, UNIT_ROWS_MAX) : 0);
    return new AttentionScratch.Room(
        Math.max(STRIP, group), scoreStride(), width, channels, false, cache);
  }

  private long packedFloats(Gemm gemm) {
    return gemm.packedBytes(width, scoreStride()) / Float.BYTES;
  }
}
