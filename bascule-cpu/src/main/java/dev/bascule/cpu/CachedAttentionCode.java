package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
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
    return shape.room().workspaceBytes(products, pool.threads());
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    AttentionOperand.requireOperands(call, OPERANDS + 2, operands.size());
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    CachedAttentionShape shape = CachedAttentionShape.of(call, dims);
    List<AttentionOperand> views = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      View view = call.operands().get(i);
      views.add(AttentionOperand.of(call, "operand " + i, memory.get(i), view, dims));
    }
    MemorySegment length = memory.get(3);
    long lengthAt = call.operands().get(3).offset().evaluate(dims) * Long.BYTES;
    View result = call.results().getFirst();
    AttentionSteps own = shape.isSingle() ? steps.one() : steps.several();
    int workers = shape.queries() == 0 ? 0 : pool.threads();
    return new CachedAttentionLaunch(
        call.name(),
        shape,
        views,
        length.asSlice(lengthAt, Long.BYTES),
        AttentionOperand.of(call, "its result", memory.get(OPERANDS), result, dims),
        widening,
        AttentionScratch.each(shape.room(), products, own, memory.getLast(), workers),
        pool);
  }

  @Override
  public void close() {
    steps.close();
  }
}
