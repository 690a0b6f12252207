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
    int own = call.operands().size();
    AttentionOperand.requireOperands(call, own + 2, operands.size());
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    CachedAttentionShape shape = shape(dims);
    long lengthAt = call.operands().get(3).offset().evaluate(dims) * Long.BYTES;
    View result = call.results().getFirst();
    var all =
        new CachedAttentionLaunch.Operands(
            operand(0, memory, dims),
            rows(1, memory, shape, dims),
            rows(2, memory, shape, dims),
            memory.get(3).asSlice(lengthAt, Long.BYTES),
            AttentionOperand.of(call, "its result", memory.get(own), result, dims));
    boolean isReadable = isReadable(all.queries(), shape);
    CachedAttentionLaunch.Readers readers =
        heads -> isReadable ? code.cache(layout(shape, heads)) : Optional.empty();
    AttentionSteps between = shape.isSingle() ? steps.one() : steps.several();
    int workers = shape.queries() == 0 ? 0 : pool.threads();
    return new CachedAttentionLaunch(
        call.name(),
        shape,
        all,
        products.packing(),
        readers,
        AttentionScratch.each(shape.room(products), products, between, memory.getLast(), workers),
        pool);
  }

  private AttentionOperand operand(int number, List<MemorySegment> memory, Bindings dims) {
    View view = call.operands().get(number);
    return AttentionOperand.of(call, "operand " + number, memory.get(number), view, dims);
  }

  /** Keys or values; the scales of operand 1 are operand 4, those of operand 2 operand 5. */
  private CachedRows rows(
      int number, List<MemorySegment> memory, CachedAttentionShape shape, Bindings dims) {
    boolean isScaled = shape.format() == CacheFormat.Q8_0;
    Optional<AttentionOperand> scales =
        isScaled ? Optional.of(operand(number + 3, memory, dims)) : Optional.empty();
    int columns = elements(number);
    int block = isScaled ? columns / elements(number + 3) : 1;
    Optional<RowWidener> widener =
        shape.format() == CacheFormat.F32
            ? Optional.empty()
            : Optional.of(code.widener(shape.format(), columns, block));
    return new CachedRows(operand(number, memory, dims), scales, shape.format(), widener);
  }

  private int elements(int operand) {
    return Math.toIntExact(call.operands().get(operand).shape().dim(2).constant());
  }

  /** Code reads scales of usual blocks only. */
  private boolean isReadable(AttentionOperand queries, CachedAttentionShape shape) {
    boolean hasUsualBlocks =
        shape.format() != CacheFormat.Q8_0
            || (elements(1) == CacheFormat.BLOCK * elements(4)
                && elements(2) == CacheFormat.BLOCK * elements(5));
    return hasUsualBlocks && queries.strides()[1] == shape.width();
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
