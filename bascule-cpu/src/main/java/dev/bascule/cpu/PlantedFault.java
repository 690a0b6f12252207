package dev.bascule.cpu;

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
import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/**
 * A fault that a test asks for: kernels of one label give a first number whose lowest bit is wrong.
 * Whoever claims to find faults must find this one.
 *
 * @param label of an op: its kernel, and the kernels that it decomposes into
 */
record PlantedFault(String label) {
  /** {@code compiled}, made wrong where it has the label. */
  Launchable in(Kernel kernel, Launchable compiled) {
    if (!hits(kernel.name())) {
      return compiled;
    }
    int last = 0;
    for (int i = 0; i < kernel.parameters().size(); i++) {
      last = kernel.parameters().get(i).output() ? i : last;
    }
    return new WrongCode(compiled, new Spot(last, Dim.ZERO, kernel.parameters().get(last).dtype()));
  }

  /** {@code kernel}, whose code is made wrong where it has the label. */
  LibraryKernel in(LibraryKernel kernel) {
    return new WrongKernel(kernel);
  }

  private boolean hits(String name) {
    return name.equals(label) || name.startsWith(label + "/") || name.startsWith(label + " with ");
  }

  /** The number that is made wrong: an operand, and where in it. */
  private record Spot(int operand, Dim element, DType dtype) {
    static Spot of(LibraryCall call) {
      int extras = call.epilogue().map(kernel -> kernel.parameters().size() - 2).orElse(0);
      View result = call.results().getFirst();
      return new Spot(call.operands().size() + extras, result.offset(), result.dtype());
    }

    MemorySegment in(List<Slice> operands, Bindings dims) {
      MemorySegment memory = CpuBuffer.memory(operands.get(operand));
      return memory.asSlice(dtype.bytes(element.evaluate(dims)));
    }
  }

  private final class WrongKernel implements LibraryKernel {
    private final LibraryKernel right;

    WrongKernel(LibraryKernel right) {
      this.right = right;
    }

    @Override
    public String name() {
      return right.name();
    }

    @Override
    public boolean accepts(LibraryCall call) {
      return right.accepts(call);
    }

    @Override
    public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
      return right.encodingFor(call, operand);
    }

    @Override
    public Launchable prepare(LibraryCall call) {
      Launchable code = right.prepare(call);
      return hits(call.name()) ? new WrongCode(code, Spot.of(call)) : code;
    }
  }

  private record WrongCode(Launchable right, Spot spot) implements Launchable {
    @Override
    public String describe() {
      return right.describe() + ", made wrong for a test";
    }

    @Override
    public long workspaceBytes(Bindings dims) {
      return right.workspaceBytes(dims);
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      return new WrongLaunch((CpuLaunch) right.bind(operands, dims), spot.in(operands, dims));
    }

    @Override
    public void close() {
      right.close();
    }
  }

  private record WrongLaunch(CpuLaunch right, MemorySegment number) implements CpuLaunch {
    @Override
    public String name() {
      return right.name();
    }

    @Override
    public boolean run() {
      boolean faulted = right.run();
      if (number.byteSize() > 0) {
        byte lowest = number.get(ValueLayout.JAVA_BYTE, 0);
        number.set(ValueLayout.JAVA_BYTE, 0, (byte) (lowest ^ 1));
      }
      return faulted;
    }

    @Override
    public void close() {
      right.close();
    }
  }
}
