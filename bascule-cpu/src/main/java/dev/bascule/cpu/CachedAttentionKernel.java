package dev.bascule.cpu;

import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.CachedAttention;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Attention over a cache of f32, f16, bf16, or i8 with scales: only what is in it is read, once for
 * all queries of a block, and once for all heads that share it when there is one query.
 */
final class CachedAttentionKernel implements LibraryKernel {
  private static final Set<DType> CACHES = Set.of(DType.F32, DType.F16, DType.BF16, DType.I8);

  private final CpuCode code;
  private final WorkerPool pool;

  CachedAttentionKernel(CpuCode code, WorkerPool pool) {
    this.code = code;
    this.pool = pool;
  }

  @Override
  public String name() {
    return "cached attention";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    if (!(call.op() instanceof CachedAttention)
        || call.epilogue().isPresent()
        || code.products(DType.F32).isEmpty()) {
      return false;
    }
    DType cache = call.operands().get(1).dtype();
    return CACHES.contains(cache)
        && Stream.of(0, 1, 2, 4, 5)
            .filter(i -> i < call.operands().size())
            .allMatch(i -> hasDenseRows(call.operands().get(i)))
        && hasDenseRows(call.results().getFirst());
  }

  private static boolean hasDenseRows(View view) {
    return view.strides().getLast().is(1) && view.shape().dim(2).isConstant();
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    Products products =
        code.products(DType.F32)
            .orElseThrow(() -> new DeviceException("cpu: attention has no products of f32"));
    CachedAttention attention = (CachedAttention) call.op();
    var steps =
        new CachedAttentionCode.Steps(
            steps(attention, AttentionSteps.Visible.LIMITED),
            steps(attention, AttentionSteps.Visible.CAUSAL));
    return new CachedAttentionCode(call, code, products, steps, pool);
  }

  private AttentionSteps steps(CachedAttention attention, AttentionSteps.Visible visible) {
    return AttentionSteps.compile(
        code,
        new AttentionSteps.Meaning(attention.scale(), visible, attention.window(), false, true));
  }
}
