package dev.bascule.cpu;

import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Matmul;
import dev.bascule.cpu.gemm.ElementType;
import dev.bascule.cpu.gemm.Gemm;
import java.util.Locale;
import java.util.Optional;

/**
 * Matrix products of f32 and f64 by emitted tiles, each output one fma chain over ascending k as
 * the op says. Constant right operands are packed once.
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
        && gemm(call.results().getFirst().dtype()).isPresent()
        && call.results().getFirst().isContiguous()
        && call.epilogue().map(SubMatrix::fits).orElse(true);
  }

  private Optional<Gemm> gemm(DType dtype) {
    return switch (dtype) {
      case F32 -> code.gemm(ElementType.F32);
      case F64 -> code.gemm(ElementType.F64);
      default -> Optional.empty();
    };
  }

  private Gemm gemmFor(LibraryCall call) {
    return gemm(call.results().getFirst().dtype())
        .orElseThrow(() ->
            new DeviceException("cpu: matmul \"" + call.name() + "\" has no kernel for its dtype"));
  }

  @Override
  public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
    View view = call.operands().get(operand);
    return operand == 1 && MatmulEncoding.serves(view)
        ? Optional.of(new MatmulEncoding(gemmFor(call), isa(), view))
        : Optional.empty();
  }

  private String isa() {
    return code.level().name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    Optional<KernelCode> epilogue =
        call.epilogue().map(kernel -> code.compile(SubMatrix.of(kernel), 1));
    return new MatmulCode(call, gemmFor(call), isa(), epilogue, pool);
  }
}
