package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.cpu.cache.CacheFormat;
import dev.bascule.cpu.cache.CacheLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** An attention over a cache with its dimensions open. */
final class CachedAttentionCode implements Launchable {
  private static final int OPERANDS = 4;

  /** What lies between the products, for one query and for several. */
  record Steps(AttentionSteps one, AttentionSteps several) implements AutoCloseable {
    @Override
    public void close() {
      one.close();
      several.close();
    }
  }

  private final LibraryCall call;
  private final CpuCode code;
  private final Products products;
  private final Steps steps;
  private final WorkerPool pool;

  CachedAttentionCode(
      LibraryCall call, CpuCode code, Products products, Steps steps, WorkerPool pool) {
    this.call = call;
    this.code = code;
    this.products = products;
    this.steps = steps;
    this.pool = pool;
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

  private CachedAttentionShape shape(Bindings dims) {
    return CachedAttentionShape.of(call, dims, CacheLayout.headsMax(code.level()));
  }

  @Override
  public long workspaceBytes(Bindings dims) {
    return shape(dims).room(products).workspaceBytes(products, pool.threads());
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    AttentionOperand.requireOperands(call, OPERANDS + 2, operands.size());
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    CachedAttentionShape shape = shape(dims);
    long lengthAt = call.operands().get(3).offset().evaluate(dims) * Long.BYTES;
    View result = call.results().getFirst();
    var all =
        new CachedAttentionLaunch.Operands(
            operand(0, memory, dims),
            new CachedRows(operand(1, memory, dims), shape.format(), widener(shape, shape.width())),
            new CachedRows(
                operand(2, memory, dims), shape.format(), widener(shape, shape.channels())),
            memory.get(3).asSlice(lengthAt, Long.BYTES),
            AttentionOperand.of(call, "its result", memory.get(OPERANDS), result, dims));
    boolean isDense = all.queries().strides()[1] == shape.width();
    CachedAttentionLaunch.Readers readers =
        heads -> isDense ? code.cache(layout(shape, heads)) : Optional.empty();
    AttentionSteps own = shape.isSingle() ? steps.one() : steps.several();
    int workers = shape.queries() == 0 ? 0 : pool.threads();
    return new CachedAttentionLaunch(
        call.name(),
        shape,
        all,
        products.packing(),
        readers,
        AttentionScratch.each(shape.room(products), products, own, memory.getLast(), workers),
        pool);
  }

  private AttentionOperand operand(int number, List<MemorySegment> memory, Bindings dims) {
    View view = call.operands().get(number);
    return AttentionOperand.of(call, "operand " + number, memory.get(number), view, dims);
  }

  private Optional<RowWidener> widener(CachedAttentionShape shape, int columns) {
    return shape.format() == CacheFormat.F32
        ? Optional.empty()
        : Optional.of(code.widener(call.operands().get(1).dtype(), columns));
  }

  private static CacheLayout layout(CachedAttentionShape shape, int heads) {
    return new CacheLayout(
        shape.format(), heads, shape.width(), shape.channels(), shape.scoreStride());
  }

  @Override
  public void close() {
    steps.close();
  }
}
