package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.RightOperand;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A matmul with its dimensions open. */
final class MatmulCode implements Launchable {
  private static final long ALIGNMENT_BYTES = 64;

  private final LibraryCall call;
  private final Products products;
  private final Optional<KernelCode> epilogue;
  private final WorkerPool pool;
  private final int elementBytes;

  /**
   * @param epilogue code for any rectangle, owned by this
   */
  MatmulCode(LibraryCall call, Products products, Optional<KernelCode> epilogue, WorkerPool pool) {
    this.call = call;
    this.products = products;
    this.epilogue = epilogue;
    this.pool = pool;
    this.elementBytes = call.results().getFirst().dtype().bits() / Byte.SIZE;
  }

  private boolean isPacked() {
    return products.packing().isPresent() && MatmulEncoding.serves(call.operands().get(1));
  }

  @Override
  public String describe() {
    return "matmul, "
        + products.describe()
        + (isPacked() ? ", rhs packed" : "")
        + epilogue.map(code -> ", then " + code.describe()).orElse("");
  }

  private long threadBytes(long depth) {
    return Math.ceilDiv(products.workspaceBytes(depth), ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  @Override
  public long workspaceBytes(Bindings dims) {
    View left = call.operands().getFirst();
    long depth = left.shape().dim(left.shape().rank() - 1).evaluate(dims);
    return pool.threads() * threadBytes(depth) + ALIGNMENT_BYTES;
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    int own = call.operands().size();
    int extras = call.epilogue().map(kernel -> kernel.parameters().size() - 2).orElse(0);
    int expected = own + extras + 2;
    if (operands.size() != expected) {
      throw new DeviceException(
          "cpu: matmul \""
              + call.name()
              + "\" takes "
              + expected
              + " operands with its result and workspace, got "
              + operands.size());
    }
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    View target = call.results().getFirst();
    List<View> views = new ArrayList<>(call.operands());
    views.add(target);
    MatmulShape shape = MatmulShape.of(views, dims);
    requireBytes("its result", operands.get(own + extras), reach(target, dims));
    for (int i = 0; i < own; i++) {
      if (i != 1 || !isPacked()) {
        requireBytes("operand " + i, operands.get(i), reach(call.operands().get(i), dims));
      }
    }
    MemorySegment result = memory.get(own + extras);
    List<MatmulChunk> chunks =
        MatmulChunk.cut(
            shape,
            new MatmulChunk.Cut(
                pool.threads(),
                isPacked(),
                epilogue.isPresent(),
                elementBytes,
                products.tileRows(),
                products.panelColumns()));
    List<MemorySegment> epilogueOperands = new ArrayList<>();
    epilogueOperands.add(result);
    epilogueOperands.addAll(memory.subList(own, own + extras));
    epilogueOperands.add(result);
    List<MatmulLaunch.Part> parts = new ArrayList<>();
    for (MatmulChunk chunk : chunks) {
      parts.add(
          new MatmulLaunch.Part(
              chunk,
              epilogue.map(
                  code -> code.bind(epilogueOperands, dimsOf(chunk, shape.rows(), dims)))));
    }
    MemorySegment workspace = memory.getLast();
    return new MatmulLaunch(
        call.name(),
        products(memory, result, shape, dims),
        initial(memory, shape),
        result,
        parts,
        multipliers(workspace, shape.depth()),
        shape,
        elementBytes,
        pool);
  }

  private static Bindings dimsOf(MatmulChunk chunk, long rows, Bindings dims) {
    long row = chunk.batch() * rows + chunk.rowFrom();
    return SubMatrix.dims(dims, row, chunk.rows(), chunk.columnFrom(), chunk.columns());
  }

  /** Emitted code checks nothing: operands must be as large as the dimensions say. */
  private void requireBytes(String what, Slice slice, long elements) {
    if (slice.bytes() < elements * elementBytes) {
      throw new DeviceException(
          "cpu: matmul \""
              + call.name()
              + "\" needs "
              + elements * elementBytes
              + " bytes for "
              + what
              + ", got "
              + slice.bytes());
    }
  }

  /** Elements from the start of an operand's memory to the last it reads. */
  private static long reach(View view, Bindings dims) {
    long last = view.offset().evaluate(dims);
    for (int axis = 0; axis < view.shape().rank(); axis++) {
      long extent = view.shape().dim(axis).evaluate(dims);
      if (extent == 0) {
        return 0;
      }
      last += Math.max(0, view.strides().get(axis).evaluate(dims)) * (extent - 1);
    }
    return last + 1;
  }

  private List<Product> products(
      List<MemorySegment> memory, MemorySegment result, MatmulShape shape, Bindings dims) {
    Product.Start start = call.operands().size() == 3 ? Product.Start.OUT : Product.Start.ZERO;
    List<Product> products = new ArrayList<>();
    for (int batch = 0; batch < shape.batches(); batch++) {
      long out = result.address() + shape.result().offsets()[batch] * elementBytes;
      products.add(
          new Product(
              matrix(memory.get(0), shape.left(), batch),
              right(memory.get(1), shape, dims, batch),
              new Matrix(out, shape.result().rowStride(), 1),
              shape.depth(),
              start));
    }
    return products;
  }

  private Matrix matrix(MemorySegment memory, MatmulShape.Operand operand, int batch) {
    return new Matrix(
        memory.address() + operand.offsets()[batch] * elementBytes,
        operand.rowStride(),
        operand.columnStride());
  }

  private RightOperand right(MemorySegment memory, MatmulShape shape, Bindings dims, int batch) {
    Optional<Gemm> packing = isPacked() ? products.packing() : Optional.empty();
    if (packing.isEmpty()) {
      return matrix(memory, shape.right(), batch);
    }
    Gemm gemm = packing.get();
    long bytes = MatmulEncoding.batchBytes(gemm, shape.depth(), shape.columns());
    int encoded =
        MatmulEncoding.encodedBatch(call.operands().get(1), dims, shape.batchAxes(), batch);
    return gemm.packedAt(memory.asSlice(encoded * bytes, bytes), shape.depth(), shape.columns());
  }

  private List<MatmulLaunch.Initial> initial(List<MemorySegment> memory, MatmulShape shape) {
    if (call.operands().size() < 3) {
      return List.of();
    }
    MatmulShape.Operand operand = shape.operands().get(2);
    List<MatmulLaunch.Initial> initial = new ArrayList<>();
    for (int batch = 0; batch < shape.batches(); batch++) {
      initial.add(
          new MatmulLaunch.Initial(
              memory.get(2),
              operand.offsets()[batch],
              operand.rowStride(),
              operand.columnStride()));
    }
    return initial;
  }

  private List<Products.Multiplier> multipliers(MemorySegment workspace, long depth) {
    long bytes = threadBytes(depth);
    long first =
        Math.ceilDiv(workspace.address(), ALIGNMENT_BYTES) * ALIGNMENT_BYTES - workspace.address();
    List<Products.Multiplier> multipliers = new ArrayList<>();
    for (int thread = 0; thread < pool.threads(); thread++) {
      multipliers.add(products.multiplier(workspace.asSlice(first + thread * bytes, bytes)));
    }
    return multipliers;
  }

  @Override
  public void close() {
    epilogue.ifPresent(KernelCode::close);
  }
}
