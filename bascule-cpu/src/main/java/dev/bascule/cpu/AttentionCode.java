package dev.bascule.cpu;

import dev.bascule.core.Bindings;
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
    return shape.room().workspaceBytes(products, pool.threads());
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    int own = call.operands().size();
    AttentionOperand.requireOperands(call, own + 3, operands.size());
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    AttentionShape shape = AttentionShape.of(call, attention, dims);
    List<AttentionOperand> views = new ArrayList<>();
    for (int i = 0; i < own; i++) {
      View view = call.operands().get(i);
      AttentionOperand operand =
          AttentionOperand.of(call, "operand " + i, memory.get(i), view, dims);
      views.add(i == 3 ? operand.repeated(view.shape().evaluate(dims)) : operand);
    }
    int workers = shape.queries() == 0 ? 0 : pool.threads();
    return new AttentionLaunch(
        call.name(),
        shape,
        attention,
        views,
        result(0, memory.get(own), dims),
        result(1, memory.get(own + 1), dims),
        AttentionScratch.each(shape.room(), products, steps, memory.getLast(), workers),
        pool);
  }

  private AttentionOperand result(int number, MemorySegment memory, Bindings dims) {
    return AttentionOperand.of(call, "result " + number, memory, call.results().get(number), dims);
  }

  @Override
  public void close() {
    steps.close();
  }
}
