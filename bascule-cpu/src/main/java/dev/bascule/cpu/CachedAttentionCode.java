package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An attention over a cache with its dimensions open. */
final class CachedAttentionCode implements Launchable {
  private static final long ALIGNMENT_BYTES = 64;
  private static final int OPERANDS = 4;

  /** Makes wideners of rows. */
  interface Wideners {
    RowWidener widener(DType from, int columns);
  }

  /** What lies between the products, for one query and for several. */
  record Steps(AttentionSteps one, AttentionSteps several) implements AutoCloseable {
    @Override
    public void close() {
      one.close();
      several.close();
    }
  }

  /** What widens rows of the cache, where they are not f32. */
  record Widening(RowWidener keys, RowWidener values) {}

  private final LibraryCall call;
  private final Products products;
  private final Steps steps;
  private final Optional<Widening> widening;
  private final WorkerPool pool;

  CachedAttentionCode(
      LibraryCall call, Products products, Steps steps, Wideners wideners, WorkerPool pool) {
    this.call = call;
    this.products = products;
    this.steps = steps;
    this.pool = pool;
    DType cache = call.operands().get(1).dtype();
    int width = Math.toIntExact(call.operands().get(1).shape().dim(2).constant());
    int channels = Math.toIntExact(call.operands().get(2).shape().dim(2).constant());
    this.widening =
        cache == DType.F32
            ? Optional.empty()
            : Optional.of(
                new Widening(wideners.widener(cache, width), wideners.widener(cache, channels)));
  }

  @Override
  public String describe() {
    return "attention over a cache of "
        + call.operands().get(1).dtype()
        + ", "
        + products.describe()
        + ", weights by "
        + steps.several().next().describe();
  }

  @Override
  public long workspaceBytes(Bindings dims) {
    CachedAttentionShape shape = CachedAttentionShape.of(call, dims);
    return pool.threads() * CachedAttentionScratch.bytes(shape, products) + ALIGNMENT_BYTES;
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    if (operands.size() != OPERANDS + 2) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\" takes "
              + (OPERANDS + 2)
              + " operands with its result and workspace, got "
              + operands.size());
    }
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    CachedAttentionShape shape = CachedAttentionShape.of(call, dims);
    List<CachedAttentionLaunch.Operand> views = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      views.add(operand("operand " + i, memory.get(i), call.operands().get(i), dims));
    }
    MemorySegment length = memory.get(3);
    long lengthAt = call.operands().get(3).offset().evaluate(dims) * Long.BYTES;
    MemorySegment workspace = memory.getLast();
    long bytes = CachedAttentionScratch.bytes(shape, products);
    long first =
        Math.ceilDiv(workspace.address(), ALIGNMENT_BYTES) * ALIGNMENT_BYTES - workspace.address();
    AttentionSteps own = shape.isSingle() ? steps.one() : steps.several();
    List<CachedAttentionScratch> scratch = new ArrayList<>();
    for (int thread = 0; thread < pool.threads() && shape.queries() > 0; thread++) {
      MemorySegment part = workspace.asSlice(first + thread * bytes, bytes);
      scratch.add(new CachedAttentionScratch(shape, products, own, part));
    }
    return new CachedAttentionLaunch(
        call.name(),
        shape,
        views,
        length.asSlice(lengthAt, Long.BYTES),
        operand("its result", memory.get(OPERANDS), call.results().getFirst(), dims),
        widening,
        scratch,
        pool);
  }

  private CachedAttentionLaunch.Operand operand(
      String what, MemorySegment memory, View view, Bindings dims) {
    long[] extents = view.shape().evaluate(dims);
    long offset = view.offset().evaluate(dims);
    long[] strides = new long[extents.length];
    long last = offset;
    boolean isEmpty = false;
    for (int axis = 0; axis < extents.length; axis++) {
      strides[axis] = view.strides().get(axis).evaluate(dims);
      last += Math.max(0, strides[axis]) * Math.max(0, extents[axis] - 1);
      isEmpty |= extents[axis] == 0;
    }
    long needed = view.dtype().bytes(last + 1);
    if (!isEmpty && memory.byteSize() < needed) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\" needs "
              + needed
              + " bytes for "
              + what
              + ", got "
              + memory.byteSize());
    }
    return new CachedAttentionLaunch.Operand(memory, offset, strides[0], strides[1]);
  }

  @Override
  public void close() {
    steps.close();
  }
}
