package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.bascule.core.graph.Attention;
import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** An attention with its operands; a unit is one block of queries of one head. */
final class AttentionLaunch implements CpuLaunch {
  /** Below this, threads cost more than they give. */
  private static final double UNIT_OPERATIONS_MIN = 2e5;

  private final String name;
  private final AttentionShape shape;
  private final Attention attention;
  private final List<AttentionOperand> operands;
  private final AttentionOperand out;
  private final AttentionOperand logSum;
  private final List<AttentionScratch> scratch;
  private final WorkerPool pool;
  private final WorkerPool.Work work = this::runUnits;

  /**
   * @param operands queries, keys, values and perhaps a bias
   * @param scratch one per thread
   */
  AttentionLaunch(
      String name,
      AttentionShape shape,
      Attention attention,
      List<AttentionOperand> operands,
      AttentionOperand out,
      AttentionOperand logSum,
      List<AttentionScratch> scratch,
      WorkerPool pool) {
    this.name = name;
    this.shape = shape;
    this.attention = attention;
    this.operands = operands;
    this.out = out;
    this.logSum = logSum;
    this.scratch = scratch;
    this.pool = pool;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean run() {
    long units = shape.batches() * shape.heads() * shape.queryBlocks();
    if (units > 0) {
      double perUnit = Math.max(1, shape.operations() / units);
      pool.run(work, units, Math.max(1, (long) (UNIT_OPERATIONS_MIN / perUnit)));
    }
    return false;
  }

  private void runUnits(int worker, long low, long high) {
    for (long unit = low; unit < high; unit++) {
      long block = unit % shape.queryBlocks();
      long head = unit / shape.queryBlocks() % shape.heads();
      long batch = unit / shape.queryBlocks() / shape.heads();
      runBlock(scratch.get(worker), batch, head, block);
    }
  }

  private void runBlock(AttentionScratch tile, long batch, long head, long block) {
    int queries = shape.queriesIn(block);
    long query = block * shape.queryBlock();
    for (long keyBlock = 0; keyBlock < shape.keyBlocks(); keyBlock++) {
      int keys = shape.keysIn(keyBlock);
      long key = keyBlock * shape.keyBlock();
      score(tile, batch, head, query, queries, key, keys);
      tile.weigh(queries, keys, keyBlock == 0);
      if (keyBlock > 0) {
        tile.rescale(queries);
      }
      Product product =
          new Product(
              new Matrix(tile.scores().address(), shape.scoreStride(), 1),
              operands.get(2).matrix(batch, head, key),
              Matrix.rowMajor(tile.output().address(), shape.channels()),
              keys,
              keyBlock == 0 ? Product.Start.ZERO : Product.Start.OUT);
      multiply(product, queries, shape.channels(), tile);
    }
    tile.finish(queries);
    deliver(tile, batch, head, query, queries);
  }

  /** Query-key products, and what the weights need beside them. */
  private void score(
      AttentionScratch tile, long batch, long head, long query, int queries, long key, int keys) {
    Product product =
        new Product(
            operands.get(0).matrix(batch, head, query),
            operands.get(1).matrix(batch, head, key).transposed(),
            new Matrix(tile.scores().address(), shape.scoreStride(), 1),
            shape.width(),
            Product.Start.ZERO);
    multiply(product, queries, keys, tile);
    if (attention.causal()) {
      long last = shape.keys() - shape.queries() - key + query;
      tile.shift().set(JAVA_LONG_UNALIGNED, 0, last);
    }
    if (operands.size() == 4) {
      for (int i = 0; i < queries; i++) {
        AttentionOperand bias = operands.get(3);
        long from = bias.element(batch, head, query + i) + key * bias.strides()[3];
        copyRow(bias, from, tile.bias(), i * shape.scoreStride(), keys);
      }
    }
  }

  private void multiply(Product product, long rows, long columns, AttentionScratch tile) {
    tile.multiplier().multiply(product, Region.all(rows, columns));
  }

  private static void copyRow(
      AttentionOperand from, long element, MemorySegment to, long at, int count) {
    long stride = from.strides()[3];
    if (stride == 1) {
      long bytes = (long) count * Float.BYTES;
      MemorySegment.copy(
          from.memory(), JAVA_BYTE, element * Float.BYTES, to, JAVA_BYTE, at * Float.BYTES, bytes);
      return;
    }
    for (int i = 0; i < count; i++) {
      float value = from.memory().get(JAVA_FLOAT_UNALIGNED, (element + i * stride) * Float.BYTES);
      to.set(JAVA_FLOAT_UNALIGNED, (at + i) * Float.BYTES, value);
    }
  }

  /** Copies a finished block to where the results lie. */
  private void deliver(AttentionScratch tile, long batch, long head, long query, int queries) {
    deliver(tile.output(), shape.channels(), out, batch, head, query, queries);
    deliver(tile.logSum(), 1, logSum, batch, head, query, queries);
  }

  private static void deliver(
      MemorySegment from,
      long width,
      AttentionOperand to,
      long batch,
      long head,
      long query,
      int queries) {
    long bytes = width * Float.BYTES;
    boolean isDense = to.strides()[2] == width;
    int copies = isDense ? 1 : queries;
    long size = isDense ? queries * bytes : bytes;
    for (int i = 0; i < copies; i++) {
      long at = to.element(batch, head, query + i) * Float.BYTES;
      MemorySegment.copy(from, JAVA_BYTE, i * bytes, to.memory(), JAVA_BYTE, at, size);
    }
  }

  @Override
  public void close() {
    scratch.forEach(AttentionScratch::close);
  }
}
