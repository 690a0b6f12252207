package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.Shape;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Attention;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** An attention with its dimensions open. */
final class AttentionCode implements Launchable {
  private static final long ALIGNMENT_BYTES = 64;

  private final LibraryCall call;
  private final Attention attention;
  private final Products products;
  private final AttentionSteps steps;
  private final WorkerPool pool;

  AttentionCode(
      LibraryCall call,
      Attention attention,
      Products products,
      AttentionSteps steps,
      WorkerPool pool) {
    this.call = call;
    this.attention = attention;
    this.products = products;
    this.steps = steps;
    this.pool = pool;
  }

  @Override
  public String describe() {
    return "attention, "
        + products.describe()
        + ", key blocks of "
        + attention.keyBlock()
        + " without the score matrix, weights by "
        + steps.next().describe();
  }

  @Override
  public long workspaceBytes(Bindings dims) {
    AttentionShape shape = AttentionShape.of(call, attention, dims);
    return pool.threads() * AttentionScratch.bytes(shape, products) + ALIGNMENT_BYTES;
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    int own = call.operands().size();
    if (operands.size() != own + 3) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\" takes "
              + (own + 3)
              + " operands with its results and workspace, got "
              + operands.size());
    }
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    AttentionShape shape = AttentionShape.of(call, attention, dims);
    List<AttentionLaunch.Operand> views = new ArrayList<>();
    for (int i = 0; i < own; i++) {
      views.add(operand(memory.get(i), call.operands().get(i), i == 3, dims));
    }
    MemorySegment workspace = memory.getLast();
    long bytes = AttentionScratch.bytes(shape, products);
    long first =
        Math.ceilDiv(workspace.address(), ALIGNMENT_BYTES) * ALIGNMENT_BYTES - workspace.address();
    List<AttentionScratch> scratch = new ArrayList<>();
    boolean isEmpty = shape.queries() == 0;
    for (int thread = 0; thread < pool.threads() && !isEmpty; thread++) {
      MemorySegment part = workspace.asSlice(first + thread * bytes, bytes);
      scratch.add(new AttentionScratch(shape, products, steps, part));
    }
    return new AttentionLaunch(
        call.name(),
        shape,
        attention,
        views,
        operand(memory.get(own), call.results().get(0), false, dims),
        operand(memory.get(own + 1), call.results().get(1), false, dims),
        scratch,
        pool);
  }

  /** A bias repeats along the axes where it has one element. */
  private AttentionLaunch.Operand operand(
      MemorySegment memory, View view, boolean isBias, Bindings dims) {
    long[] extents = view.shape().evaluate(dims);
    long[] strides = new long[extents.length];
    Shape shape = view.shape();
    long last = view.offset().evaluate(dims);
    boolean isEmpty = false;
    for (int axis = 0; axis < extents.length; axis++) {
      long stride = view.strides().get(axis).evaluate(dims);
      strides[axis] = isBias && extents[axis] == 1 ? 0 : stride;
      last += Math.max(0, stride) * Math.max(0, extents[axis] - 1);
      isEmpty |= extents[axis] == 0;
    }
    if (!isEmpty && memory.byteSize() < (last + 1) * Float.BYTES) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\": an operand "
              + shape
              + " of "
              + memory.byteSize()
              + " bytes needs "
              + (last + 1) * Float.BYTES);
    }
    return new AttentionLaunch.Operand(memory, view.offset().evaluate(dims), strides);
  }

  @Override
  public void close() {
    steps.close();
  }
}
