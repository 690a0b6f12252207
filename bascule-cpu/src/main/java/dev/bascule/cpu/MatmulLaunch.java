package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A matmul with its operands: chunks that threads take in any order. */
final class MatmulLaunch implements CpuLaunch {
  /** A chunk and what follows on it while it is in cache. */
  record Part(MatmulChunk chunk, Optional<KernelCode.BoundCode> epilogue) {}

  /** Where one batch's initial values lie, in elements. */
  record Initial(MemorySegment memory, long offset, long rowStride, long columnStride) {}

  private final String name;
  private final List<Product> products;
  private final List<Initial> initial;
  private final List<Part> parts;
  private final List<Products.Multiplier> multipliers;
  private final MatmulShape shape;
  private final MemorySegment result;
  private final int elementBytes;
  private final WorkerPool pool;
  private final WorkerPool.Work work = this::runParts;

  /**
   * @param products one per batch
   * @param initial one per batch, or none
   * @param multipliers one per thread
   */
  MatmulLaunch(
      String name,
      List<Product> products,
      List<Initial> initial,
      MemorySegment result,
      List<Part> parts,
      List<Products.Multiplier> multipliers,
      MatmulShape shape,
      int elementBytes,
      WorkerPool pool) {
    this.name = name;
    this.products = products;
    this.initial = initial;
    this.result = result;
    this.parts = parts;
    this.multipliers = multipliers;
    this.shape = shape;
    this.elementBytes = elementBytes;
    this.pool = pool;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean run() {
    pool.run(work, parts.size(), 1);
    return false;
  }

  private void runParts(int worker, long low, long high) {
    for (int i = (int) low; i < high; i++) {
      Part part = parts.get(i);
      MatmulChunk chunk = part.chunk();
      if (!initial.isEmpty()) {
        startFrom(initial.get(chunk.batch()), chunk);
      }
      Region region =
          new Region(chunk.rowFrom(), chunk.rowTo(), chunk.columnFrom(), chunk.columnTo());
      multipliers.get(worker).multiply(products.get(chunk.batch()), region);
      if (part.epilogue().isPresent()) {
        KernelCode.BoundCode epilogue = part.epilogue().get();
        epilogue.run(0, 0, epilogue.units());
      }
    }
  }

  /** Copies the initial values to where the sums grow. */
  private void startFrom(Initial from, MatmulChunk chunk) {
    for (long row = chunk.rowFrom(); row < chunk.rowTo(); row++) {
      long target =
          shape.result().offsets()[chunk.batch()]
              + row * shape.result().rowStride()
              + chunk.columnFrom();
      long source =
          from.offset() + row * from.rowStride() + chunk.columnFrom() * from.columnStride();
      copy(from.memory(), source, from.columnStride(), target, chunk.columns());
    }
  }

  private void copy(MemorySegment from, long source, long stride, long target, long count) {
    if (stride == 1) {
      long bytes = count * elementBytes;
      MemorySegment.copy(
          from, JAVA_BYTE, source * elementBytes, result, JAVA_BYTE, target * elementBytes, bytes);
    } else if (elementBytes == Integer.BYTES) {
      for (long i = 0; i < count; i++) {
        int value = from.get(JAVA_INT_UNALIGNED, (source + i * stride) * Integer.BYTES);
        result.set(JAVA_INT_UNALIGNED, (target + i) * Integer.BYTES, value);
      }
    } else {
      for (long i = 0; i < count; i++) {
        long value = from.get(JAVA_LONG_UNALIGNED, (source + i * stride) * Long.BYTES);
        result.set(JAVA_LONG_UNALIGNED, (target + i) * Long.BYTES, value);
      }
    }
  }

  @Override
  public void close() {
    for (Part part : parts) {
      part.epilogue().ifPresent(KernelCode.BoundCode::close);
    }
  }
}
