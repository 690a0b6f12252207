package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Matmul;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Matrix products on CPU devices. The right operand is packed into columns of 32 - once where it is
 * constant, else in the workspace - and up to 8 rows by 32 columns of accumulators stay in
 * registers while k ascends, so that each output is one sequence of fma, as the op demands.
 */
final class OpenClMatmul implements LibraryKernel {
  private final OpenClChip chip;
  private final OpenClPrograms programs;

  OpenClMatmul(OpenClChip chip, OpenClPrograms programs) {
    this.chip = chip;
    this.programs = programs;
  }

  @Override
  public String name() {
    return "opencl-matmul";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    return call.op() instanceof Matmul
        && call.epilogue().isEmpty()
        && isSmallFloat(call.results().getFirst().dtype());
  }

  private static boolean isSmallFloat(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  @Override
  public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
    View view = call.operands().get(operand);
    boolean fixed =
        view.constant()
            && view.shape().isConstant()
            && view.offset().isConstant()
            && view.strides().stream().allMatch(Dim::isConstant);
    return operand == 1 && fixed ? Optional.of(MatmulColumns.of(view)) : Optional.empty();
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    OpenClMatmulSource source = new OpenClMatmulSource(call, encodingFor(call, 1).isPresent());
    return new Prepared(call, source, programs.of(source.text()));
  }

  private final class Prepared implements Launchable {
    private final LibraryCall call;
    private final OpenClMatmulSource source;
    private final OpenClProgram program;

    Prepared(LibraryCall call, OpenClMatmulSource source, OpenClProgram program) {
      this.call = call;
      this.source = source;
      this.program = program;
    }

    @Override
    public String describe() {
      return "OpenCL C, 8 x 32 outputs in registers"
          + (source.isEncoded() ? ", columns packed at load" : "");
    }

    @Override
    public long workspaceBytes(Bindings dims) {
      return source.packedBytes(dims);
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      int inputs = call.operands().size();
      boolean packs = workspaceBytes(dims) > 0;
      Slice left = operands.get(0);
      Slice right = operands.get(1);
      Slice columns = packs ? operands.get(inputs + 1) : right;
      Slice initial = inputs == 3 ? operands.get(2) : left;
      Slice result = operands.get(inputs);
      List<OpenClLaunch.Step> steps = new ArrayList<>();
      if (packs) {
        steps.add(step("pack", List.of(right, columns), source.packUnits().evaluate(dims), dims));
      }
      long units = source.units(dims);
      if (units > 0) {
        steps.add(step(source.entry(dims), List.of(left, columns, initial, result), units, dims));
      }
      return new OpenClLaunch(call.name(), steps);
    }

    private OpenClLaunch.Step step(String entry, List<Slice> operands, long units, Bindings dims) {
      OpenClKernel kernel = program.kernel(entry);
      int index = 0;
      for (Slice operand : operands) {
        kernel.argument(index++, OpenClMemory.of(operand.buffer()).buffer());
        kernel.argument(index++, operand.offsetBytes());
      }
      DimArguments.bind(kernel, index, source.dimensions(), dims);
      WorkRange work = WorkRange.of(Math.min(units, OpenClDevice.rangesMax(chip)), 1);
      return new OpenClLaunch.Step(kernel, work, OpenClLaunch.Step.NOT_INDEXED);
    }

    @Override
    public void close() {
      // the program is the device's
    }
  }
}
