package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.bascule.cpu.cache.CacheCode;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import dev.bascule.cpu.gemm.RightOperand;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** An attention over a cache with its operands. */
final class CachedAttentionLaunch implements CpuLaunch {
  /**
   * The operands.
   *
   * @param queries [query, head, element]
   * @param length i64 [1]
   * @param out [query, head, channel]
   */
  record Operands(
      AttentionOperand queries,
      CachedRows keys,
      CachedRows values,
      MemorySegment length,
      AttentionOperand out) {}

  /** What reads the cache as it lies for one query, by number of heads, where that is done. */
  interface Readers {
    Optional<CacheCode> of(int heads);
  }

  private final String name;
  private final CachedAttentionShape shape;
  private final Operands operands;
  private final Optional<Gemm> packing;
  private final List<Optional<CacheCode>> readers;
  private final List<AttentionScratch> scratch;
  private final WorkerPool pool;
  private final WorkerPool.Work work = this::runUnits;

  /** Positions in the cache, for the run under way. */
  private long positions;

  /**
   * @param packing what packs keys for products of several queries
   * @param scratch one per thread
   */
  CachedAttentionLaunch(
      String name,
      CachedAttentionShape shape,
      Operands operands,
      Optional<Gemm> packing,
      Readers readers,
      List<AttentionScratch> scratch,
      WorkerPool pool) {
    this.name = name;
    this.shape = shape;
    this.operands = operands;
    this.packing = packing;
    this.readers = byHeads(shape, readers);
    this.scratch = scratch;
    this.pool = pool;
  }

  /** Of every number of heads that a unit has. */
  private static List<Optional<CacheCode>> byHeads(CachedAttentionShape shape, Readers readers) {
    List<Optional<CacheCode>> all =
        new ArrayList<>(Collections.nCopies(shape.heads() + 1, Optional.empty()));
    for (long unit = 0; shape.isSingle() && unit < shape.parts(); unit++) {
      int heads = shape.unit(unit).heads();
      all.set(heads, readers.of(heads));
    }
    return all;
  }

  @Override
  public String name() {
    return name;
  }

  /** A length beside the cache counts as an index beside its axis. */
  @Override
  public boolean run() {
    positions = operands.length.get(JAVA_LONG_UNALIGNED, 0);
    if (positions < shape.queries() || positions > shape.capacity()) {
      return true;
    }
    pool.run(work, shape.units(), shape.isSingle() ? unitsTogether() : 1);
    return false;
  }

  /** Of one query's units: where one ends, the next one's keys are asked for. */
  private long unitsTogether() {
    return Math.max(1, shape.units() / (2L * pool.threads()));
  }

  private void runUnits(int worker, long low, long high) {
    for (long number = low; number < high; number++) {
      CachedAttentionShape.Unit unit = shape.unit(number);
      if (shape.isSingle()) {
        runToken(scratch.get(worker), unit, shape.unit(Math.min(number + 1, high - 1)));
      } else {
        runPrompt(scratch.get(worker), unit);
      }
    }
  }

  /** One query of several heads: they are the rows of all products. */
  private void runToken(
      AttentionScratch tile, CachedAttentionShape.Unit unit, CachedAttentionShape.Unit next) {
    Optional<CacheCode> reader = readers.get(unit.heads());
    int heads = unit.heads();
    long firstBlock = shape.firstBlock(positions - 1);
    for (long key = firstBlock; key < positions; key += shape.keyBlock()) {
      long keys = Math.min(shape.keyBlock(), positions - key);
      boolean isFirst = key == firstBlock;
      boolean isLast = key + keys == positions;
      boolean fits = reader.isPresent() && key + reader.get().keyStep() <= shape.capacity();
      // keys before the window weigh nothing: what is not read of them need not be known
      long skipped = reader.isPresent() ? unseen(key, reader.get().keyStep()) : 0;
      if (fits) {
        read(reader.get(), tile, unit, key, skipped, keys);
      } else {
        Matrix matrix = keyMatrix(tile, unit, key, keys);
        score(tile, headRows(unit), heads, matrix.transposed(), keys);
      }
      weigh(tile, heads, positions - 1 - key, keys, isFirst);
      if (reader.isPresent()) {
        reader
            .get()
            .mix(
                operands.values.rows(unit.kvHead(), key + skipped),
                keys - skipped,
                tile.scores().address() + skipped * Float.BYTES,
                tile.output().address(),
                isFirst,
                isLast
                    ? operands.keys.address(next.kvHead(), firstBlock)
                    : operands.keys.address(unit.kvHead(), key + keys),
                tile.arguments());
      } else {
        mix(tile, heads, valueMatrix(tile, unit, key, keys), keys, isFirst);
      }
    }
    tile.finish(heads);
    for (int head = 0; head < heads; head++) {
      deliver(tile, head, operands.out.element(0, unit.head() + head));
    }
  }

  /** Keys of a block, in whole steps, that the last position does not see. */
  private long unseen(long key, long step) {
    return Math.max(0, shape.firstKey(positions - 1) - key) / step * step;
  }

  /** A step's keys beyond those that are seen are in the cache: their scores are masked. */
  private void read(
      CacheCode reader,
      AttentionScratch tile,
      CachedAttentionShape.Unit unit,
      long key,
      long skipped,
      long keys) {
    long step = reader.keyStep();
    long whole = Math.min(Math.ceilDiv(keys, step) * step, (shape.capacity() - key) / step * step);
    CacheCode.Rows rows = operands.keys.rows(unit.kvHead(), key + skipped);
    long next = operands.values.address(unit.kvHead(), key + skipped);
    long queries = operands.queries.address(Float.BYTES, 0, unit.head());
    if (skipped < whole) {
      long target = tile.scores().address() + skipped * Float.BYTES;
      reader.score(queries, rows, whole - skipped, target, next, tile.arguments());
    }
    if (whole < keys) {
      long from = keys - step;
      CacheCode.Rows last = operands.keys.rows(unit.kvHead(), key + from);
      long target = tile.scores().address() + from * Float.BYTES;
      reader.score(queries, last, step, target, next, tile.arguments());
    }
  }

  private Matrix headRows(CachedAttentionShape.Unit unit) {
    AttentionOperand q = operands.queries;
    return new Matrix(q.address(Float.BYTES, 0, unit.head()), q.strides()[1], 1);
  }

  /** Queries of some heads, in strips, block of keys by block of keys. */
  private void runPrompt(AttentionScratch tile, CachedAttentionShape.Unit unit) {
    long first = positions - shape.queries() + unit.query();
    long seen = first + unit.rows();
    for (long key = shape.firstBlock(first); key < seen; key += shape.keyBlock()) {
      long keys = Math.min(shape.keyBlock(), seen - key);
      RightOperand turned = operands.keys.transposed(unit.kvHead(), key, keys, tile, packing);
      Matrix values = valueMatrix(tile, unit, key, keys);
      for (int head = 0; head < unit.heads(); head++) {
        for (int row = 0; row < unit.rows(); row += CachedAttentionShape.STRIP) {
          int rows = Math.min(CachedAttentionShape.STRIP, unit.rows() - row);
          boolean isSeen = key >= shape.firstBlock(first + row) && key < first + row + rows;
          if (isSeen) {
            strip(tile, unit, new Strip(head, row, rows, first + row, key), turned, values);
          }
        }
      }
    }
  }

  /**
   * Some queries of one head and a block of keys.
   *
   * @param head among the unit's
   * @param row among the unit's
   * @param position the last that the first query sees
   */
  private record Strip(int head, int row, int rows, long position, long key) {}

  private void strip(
      AttentionScratch tile,
      CachedAttentionShape.Unit unit,
      Strip strip,
      RightOperand keyColumns,
      Matrix values) {
    long seen = strip.position + strip.rows - strip.key;
    long keys = Math.min(shape.keyBlock(), seen);
    long waiting = (long) strip.head * unit.rows() + strip.row;
    long query = unit.query() + strip.row;
    boolean isFirst = strip.key == shape.firstBlock(strip.position);
    if (!isFirst) {
      tile.resume(waiting, strip.rows);
    }
    AttentionOperand q = operands.queries;
    Matrix rows =
        new Matrix(q.address(Float.BYTES, query, unit.head() + strip.head), q.strides()[0], 1);
    score(tile, rows, strip.rows, keyColumns, keys);
    weigh(tile, strip.rows, strip.position - strip.key, keys, isFirst);
    mix(tile, strip.rows, values, keys, isFirst);
    if (seen > shape.keyBlock()) {
      tile.keep(waiting, strip.rows);
      return;
    }
    tile.finish(strip.rows);
    for (int row = 0; row < strip.rows; row++) {
      deliver(tile, row, operands.out.element(query + row, unit.head() + strip.head));
    }
  }

  private Matrix keyMatrix(
      AttentionScratch tile, CachedAttentionShape.Unit unit, long key, long keys) {
    return operands.keys.matrix(unit.kvHead(), key, keys, tile.keys(), tile.arguments());
  }

  private Matrix valueMatrix(
      AttentionScratch tile, CachedAttentionShape.Unit unit, long key, long keys) {
    return operands.values.matrix(unit.kvHead(), key, keys, tile.values(), tile.arguments());
  }

  private void score(
      AttentionScratch tile, Matrix queries, int rows, RightOperand keyColumns, long keys) {
    Matrix scores = new Matrix(tile.scores().address(), shape.scoreStride(), 1);
    Product product = new Product(queries, keyColumns, scores, shape.width(), Product.Start.ZERO);
    tile.multiplier().multiply(product, Region.all(rows, keys));
  }

  private void weigh(AttentionScratch tile, int rows, long last, long keys, boolean isFirst) {
    tile.shift().set(JAVA_LONG_UNALIGNED, 0, last);
    tile.weigh(rows, shape.weighed(keys), isFirst);
    if (!isFirst) {
      tile.rescale(rows);
    }
  }

  private void mix(AttentionScratch tile, int rows, Matrix values, long keys, boolean isFirst) {
    Product product =
        new Product(
            new Matrix(tile.scores().address(), shape.scoreStride(), 1),
            values,
            Matrix.rowMajor(tile.output().address(), shape.channels()),
            keys,
            isFirst ? Product.Start.ZERO : Product.Start.OUT);
    tile.multiplier().multiply(product, Region.all(rows, shape.channels()));
  }

  private void deliver(AttentionScratch tile, int row, long to) {
    long bytes = (long) shape.channels() * Float.BYTES;
    MemorySegment.copy(
        tile.output(),
        JAVA_BYTE,
        row * bytes,
        operands.out.memory(),
        JAVA_BYTE,
        to * Float.BYTES,
        bytes);
  }

  @Override
  public void close() {
    scratch.forEach(AttentionScratch::close);
  }
}
