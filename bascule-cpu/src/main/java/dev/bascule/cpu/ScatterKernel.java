package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.Dim;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Scatter in the order of its updates: threads share the columns of a row, never the updates, so
 * repeated indices meet in one order.
 */
final class ScatterKernel implements LibraryKernel {
  private final CpuCode code;
  private final WorkerPool pool;

  ScatterKernel(CpuCode code, WorkerPool pool) {
    this.code = code;
    this.pool = pool;
  }

  @Override
  public String name() {
    return "scatter";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    if (!(call.op() instanceof Scatter scatter)
        || call.epilogue().isPresent()
        || !call.results().getFirst().isContiguous()) {
      return false;
    }
    DType dtype = call.results().getFirst().dtype();
    boolean wordType =
        dtype == DType.F32 || dtype == DType.F64 || dtype == DType.I32 || dtype == DType.I64;
    return scatter.kind() == Scatter.Kind.SET ? dtype.bits() >= Byte.SIZE : wordType;
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    View updates = call.operands().get(2);
    Optional<KernelCode> gathered =
        updates.isContiguous() ? Optional.empty() : Optional.of(compileCopy("updates", updates));
    return new Code(call, compileCopy("data", call.operands().get(0)), gathered);
  }

  /** A view's elements, row-major. */
  private KernelCode compileCopy(String name, View view) {
    KernelBuilder b = new KernelBuilder(name, view.shape().dims(), 0);
    Access from = new Access(b.input("from", view.dtype()), view.offset(), view.strides());
    int to = b.output("to", view.dtype());
    b.store(new Access(to, Dim.ZERO, view.shape().strides()), b.load(from));
    Kernel kernel = b.build();
    return code.compile(kernel, pool.threads());
  }

  /** A scatter with its dimensions open. */
  private final class Code implements Launchable {
    private final LibraryCall call;
    private final KernelCode copy;
    private final Optional<KernelCode> gathered;
    private final Scatter.Kind kind;
    private final DType dtype;

    Code(LibraryCall call, KernelCode copy, Optional<KernelCode> gathered) {
      this.call = call;
      this.copy = copy;
      this.gathered = gathered;
      this.kind = ((Scatter) call.op()).kind();
      this.dtype = call.results().getFirst().dtype();
    }

    @Override
    public String describe() {
      return "scatter, updates in order, threads share columns";
    }

    private long updateElements(Bindings dims) {
      return call.operands().get(2).shape().elements().evaluate(dims);
    }

    @Override
    public long workspaceBytes(Bindings dims) {
      return gathered.isEmpty() ? 0 : Math.max(1, dtype.bytes(updateElements(dims)));
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      int expected = workspaceBytes(dims) > 0 ? 5 : 4;
      if (operands.size() != expected) {
        throw new DeviceException(
            "cpu: scatter \""
                + call.name()
                + "\" takes "
                + expected
                + " operands with its result, got "
                + operands.size());
      }
      List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
      MemorySegment result = memory.get(3);
      boolean inPlace =
          memory.get(0).address() == result.address()
              && call.operands().getFirst().isContiguous()
              && call.operands().getFirst().offset().is(0);
      Optional<KernelLaunch> start =
          inPlace
              ? Optional.empty()
              : Optional.of(
                  new KernelLaunch(
                      call.name(), copy.bind(List.of(memory.get(0), result), dims), pool));
      Optional<KernelLaunch> gather =
          gathered.map(kernel ->
              new KernelLaunch(
                  call.name(), kernel.bind(List.of(memory.get(2), memory.getLast()), dims), pool));
      View indices = call.operands().get(1);
      long count = indices.shape().dim(0).evaluate(dims);
      ScatterLaunch.Indices at =
          new ScatterLaunch.Indices(
              memory.get(1),
              indices.offset().evaluate(dims),
              indices.strides().getFirst().evaluate(dims),
              count);
      MemorySegment updates = memory.get(2);
      long skipped = dtype.bytes(call.operands().get(2).offset().evaluate(dims));
      ScatterLaunch.Rows rows =
          new ScatterLaunch.Rows(
              kind,
              dtype,
              gather.isPresent() ? memory.getLast() : updates.asSlice(skipped),
              result,
              call.results().getFirst().shape().dim(0).evaluate(dims),
              count == 0 ? 0 : updateElements(dims) / count);
      return new ScatterLaunch(call.name(), start, gather, at, rows, pool);
    }

    @Override
    public void close() {
      copy.close();
      gathered.ifPresent(KernelCode::close);
    }
  }
}
