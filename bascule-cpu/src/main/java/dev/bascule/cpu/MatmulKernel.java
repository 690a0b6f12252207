package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Matmul;
import java.util.Optional;

/**
 * Matrix products, each output one fma chain over ascending k as the op says: by emitted tiles of
 * f32 and f64, with constant right operands packed once, or by portable loops of f32.
 */
final class MatmulKernel implements LibraryKernel {
  private final CpuCode code;
  private final WorkerPool pool;

  MatmulKernel(CpuCode code, WorkerPool pool) {
    this.code = code;
    this.pool = pool;
  }

  @Override
  public String name() {
    return "matmul";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    return call.op() instanceof Matmul
        && code.products(call.results().getFirst().dtype()).isPresent()
        && hasDenseRows(call.results().getFirst())
        && call.epilogue()
            .map(kernel -> SubMatrix.fits(kernel) && call.results().getFirst().isContiguous())
            .orElse(true);
  }

  /** True where neighbours in a row lie side by side. */
  static boolean hasDenseRows(View result) {
    return result.strides().getLast().is(1) || result.shape().dims().getLast().is(1);
  }

  private Products products(LibraryCall call) {
    return code.products(call.results().getFirst().dtype())
        .orElseThrow(() ->
            new DeviceException("cpu: matmul \"" + call.name() + "\" has no kernel for its dtype"));
  }

  @Override
  public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
    View view = call.operands().get(operand);
    return operand == 1 && MatmulEncoding.serves(view)
        ? products(call)
            .packing()
            .map(gemm -> new MatmulEncoding(gemm, products(call).describe(), view))
        : Optional.empty();
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    Optional<KernelCode> epilogue =
        call.epilogue().map(kernel -> code.compile(SubMatrix.of(kernel), 1));
    return new MatmulCode(call, products(call), epilogue, pool);
  }
}
