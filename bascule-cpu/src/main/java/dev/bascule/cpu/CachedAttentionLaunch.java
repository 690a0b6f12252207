package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** An attention over a cache with its operands. */
final class CachedAttentionLaunch implements CpuLaunch {
  private final String name;
  private final CachedAttentionShape shape;
  private final List<AttentionOperand> operands;
  private final MemorySegment length;
  private final AttentionOperand out;
  private final Optional<CachedAttentionCode.Widening> widening;
  private final List<AttentionScratch> scratch;
  private final WorkerPool pool;
  private final WorkerPool.Work work = this::runUnits;

  /** Positions in the cache, for the run under way. */
  private long positions;

  /**
   * @param operands queries, keys and values
   * @param length i64 [1]
   * @param scratch one per thread
   */
  CachedAttentionLaunch(
      String name,
      CachedAttentionShape shape,
      List<AttentionOperand> operands,
      MemorySegment length,
      AttentionOperand out,
      Optional<CachedAttentionCode.Widening> widening,
      List<AttentionScratch> scratch,
      WorkerPool pool) {
    this.name = name;
    this.shape = shape;
    this.operands = operands;
    this.length = length;
    this.out = out;
    this.widening = widening;
    this.scratch = scratch;
    this.pool = pool;
  }

  @Override
  public String name() {
    return name;
  }

  /** A length beside the cache counts as an index beside its axis. */
  @Override
  public boolean run() {
    positions = length.get(JAVA_LONG_UNALIGNED, 0);
    if (positions < shape.queries() || positions > shape.capacity()) {
      return true;
    }
    pool.run(work, shape.units(), 1);
    return false;
  }

  private void runUnits(int worker, long low, long high) {
    for (long unit = low; unit < high; unit++) {
      runUnit(scratch.get(worker), unit / shape.blocks(), unit % shape.blocks());
    }
  }

  /**
   * @param head of the queries; of the cache where there is one query
   */
  private void runUnit(AttentionScratch tile, long head, long block) {
    int rows = shape.rowsIn(block);
    long query = shape.isSingle() ? 0 : block * shape.rows();
    long kvHead = shape.isSingle() ? head : head / shape.group();
    // the last position that the first query sees, and that the last one does
    long first = positions - shape.queries() + query;
    long seen = shape.isSingle() ? positions : first + rows;
    for (long key = 0; key < seen; key += shape.keyBlock()) {
      long keys = Math.min(shape.keyBlock(), seen - key);
      score(tile, head, query, rows, kvHead, key, keys);
      tile.shift().set(JAVA_LONG_UNALIGNED, 0, first - key);
      tile.weigh(rows, shape.weighed(keys), key == 0);
      if (key > 0) {
        tile.rescale(rows);
      }
      Product product =
          new Product(
              new Matrix(tile.scores().address(), shape.scoreStride(), 1),
              values(tile, kvHead, key, keys),
              Matrix.rowMajor(tile.output().address(), shape.channels()),
              keys,
              key == 0 ? Product.Start.ZERO : Product.Start.OUT);
      tile.multiplier().multiply(product, new Region(0, rows, 0, shape.channels()));
    }
    tile.finish(rows);
    deliver(tile, head, query, rows);
  }

  private void score(
      AttentionScratch tile, long head, long query, int rows, long kvHead, long key, long keys) {
    AttentionOperand q = operands.get(0);
    long from = shape.isSingle() ? q.address(0, head * shape.group()) : q.address(query, head);
    long stride = shape.isSingle() ? q.strides()[1] : q.strides()[0];
    Product product =
        new Product(
            new Matrix(from, stride, 1),
            keys(tile, kvHead, key, keys).transposed(),
            new Matrix(tile.scores().address(), shape.scoreStride(), 1),
            shape.width(),
            Product.Start.ZERO);
    tile.multiplier().multiply(product, new Region(0, rows, 0, keys));
  }

  private Matrix keys(AttentionScratch tile, long kvHead, long key, long keys) {
    AttentionOperand k = operands.get(1);
    return widening
        .map(w -> widen(w.keys(), k, kvHead, key, keys, tile.keys(), tile))
        .orElseGet(() -> new Matrix(k.address(key, kvHead), k.strides()[0], 1));
  }

  private Matrix values(AttentionScratch tile, long kvHead, long key, long keys) {
    AttentionOperand v = operands.get(2);
    return widening
        .map(w -> widen(w.values(), v, kvHead, key, keys, tile.values(), tile))
        .orElseGet(() -> new Matrix(v.address(key, kvHead), v.strides()[0], 1));
  }

  private static Matrix widen(
      RowWidener widener,
      AttentionOperand from,
      long kvHead,
      long key,
      long keys,
      MemorySegment to,
      AttentionScratch tile) {
    widener.widen(
        from.memory(), from.element(key, kvHead), from.strides()[0], keys, to, tile.arguments());
    return Matrix.rowMajor(to.address(), widener.columns());
  }

  private void deliver(AttentionScratch tile, long head, long query, int rows) {
    long bytes = (long) shape.channels() * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      long to =
          shape.isSingle()
              ? out.element(0, head * shape.group() + row)
              : out.element(query + row, head);
      MemorySegment.copy(
          tile.output(), JAVA_BYTE, row * bytes, out.memory(), JAVA_BYTE, to * Float.BYTES, bytes);
    }
  }

  @Override
  public void close() {
    scratch.forEach(AttentionScratch::close);
  }
}
