package dev.bascule.cpu;

import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Attention;

/**
 * Attention of f32 by blocks of queries and keys, without the whole score matrix: two products and
 * one fused kernel between them for each block.
 */
final class AttentionKernel implements LibraryKernel {
  private final CpuCode code;
  private final WorkerPool pool;

  AttentionKernel(CpuCode code, WorkerPool pool) {
    this.code = code;
    this.pool = pool;
  }

  @Override
  public String name() {
    return "attention";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    return call.op() instanceof Attention
        && code.products(DType.F32).isPresent()
        && call.epilogue().isEmpty()
        && call.operands().stream().allMatch(view -> view.dtype() == DType.F32)
        && MatmulKernel.hasDenseRows(call.results().getFirst());
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    Products products =
        code.products(DType.F32)
            .orElseThrow(() -> new DeviceException("cpu: attention has no products of f32"));
    Attention attention = (Attention) call.op();
    AttentionSteps.Meaning meaning =
        AttentionSteps.Meaning.of(attention, call.operands().size() == 4);
    AttentionSteps steps = AttentionSteps.compile(code, meaning);
    return new AttentionCode(call, attention, products, steps, pool);
  }
}
