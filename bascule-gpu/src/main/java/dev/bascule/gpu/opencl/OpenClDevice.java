package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.Dim;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceInfo;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** One OpenCL chip as a device: kernels rendered to OpenCL C and compiled by the driver. */
final class OpenClDevice implements Device {
  /** What operands in one buffer are aligned to: a cache line, and the widest OpenCL vector. */
  private static final int ALIGNMENT_BYTES = 128;

  /** Points below which one work item is faster than waking another thread of a CPU device. */
  private static final long ALONE_POINTS = 8192;

  private static final long GROUPS_MAX = 1 << 16;
  private static final int RANGES_PER_UNIT = 4;

  private final DeviceInfo info;
  private final OpenClContext context;
  private final OpenClPrograms programs;
  private final boolean forCpu;

  private OpenClDevice(DeviceInfo info, OpenClContext context, boolean forCpu) {
    this.info = info;
    this.context = context;
    this.programs = new OpenClPrograms(context);
    this.forCpu = forCpu;
  }

  static OpenClDevice open(String id, OpenClChip chip, boolean forCpu) {
    String description =
        "%s, %s, %d compute units (%s)"
            .formatted(chip.name(), chip.vendor(), chip.computeUnits(), chip.version());
    DeviceInfo info =
        new DeviceInfo(id, description, chip.globalBytes(), ALIGNMENT_BYTES, List.of());
    return new OpenClDevice(info, OpenClContext.open(chip), forCpu);
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Buffer allocate(long bytes) {
    return new OpenClMemory(context.allocate(Math.max(bytes, 1)), bytes, Optional.empty());
  }

  @Override
  public Optional<Buffer> adopt(MemorySegment segment) {
    boolean possible =
        context.chip().type() == OpenClChip.Type.CPU
            && segment.isNative()
            && segment.byteSize() > 0
            && segment.byteSize() <= context.chip().allocationBytesMax()
            && segment.address() % Long.BYTES == 0;
    return possible
        ? Optional.of(
            new OpenClMemory(context.adopt(segment), segment.byteSize(), Optional.of(segment)))
        : Optional.empty();
  }

  @Override
  public Stream stream() {
    return new OpenClStream(context);
  }

  @Override
  public Launchable compile(Kernel kernel) {
    OpenClChip chip = context.chip();
    RenderedKernel rendered = OpenClRenderer.render(kernel, forCpu, !chip.exactDivide());
    if (rendered.usesDouble() && !chip.fp64()) {
      throw new DeviceException(
          "kernel "
              + kernel.name()
              + " computes in f64, which "
              + info.id()
              + " ("
              + chip.name()
              + ") has not; choose another device, or f32");
    }
    return new Compiled(kernel, rendered, programs.of(rendered.source()));
  }

  /**
   * Ranges that a launch on a CPU device is cut into: a few for each core, so that a slow one does
   * not hold up the rest.
   */
  static long rangesMax(OpenClChip chip) {
    return (long) chip.computeUnits() * RANGES_PER_UNIT;
  }

  @Override
  public List<LibraryKernel> library() {
    return forCpu ? List.of(new OpenClMatmul(context.chip(), programs)) : List.of();
  }

  @Override
  public void close() {
    programs.close();
    context.close();
  }

  private final class Compiled implements Launchable {
    private final Kernel kernel;
    private final RenderedKernel rendered;
    private final OpenClProgram program;

    Compiled(Kernel kernel, RenderedKernel rendered, OpenClProgram program) {
      this.kernel = kernel;
      this.rendered = rendered;
      this.program = program;
    }

    @Override
    public String describe() {
      return "OpenCL C, " + rendered.schedule();
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      if (operands.size() != kernel.parameters().size()) {
        throw new DeviceException(
            "kernel "
                + kernel.name()
                + " takes "
                + kernel.parameters().size()
                + " operands, not "
                + operands.size());
      }
      long units = rendered.units().evaluate(dims);
      if (units == 0) {
        return new OpenClLaunch(kernel.name(), List.of());
      }
      OpenClKernel function = program.kernel(rendered.entry());
      int index = 0;
      for (Slice operand : operands) {
        function.argument(index++, OpenClMemory.of(operand.buffer()).buffer());
        function.argument(index++, operand.offsetBytes());
      }
      index = DimArguments.bind(function, index, rendered.dimensions(), dims);
      int status = rendered.indexed() ? index : OpenClLaunch.Step.NOT_INDEXED;
      WorkRange work = work(units, points(dims));
      return new OpenClLaunch(
          kernel.name(), List.of(new OpenClLaunch.Step(function, work, status)));
    }

    private long points(Bindings dims) {
      long points = 1;
      for (Dim extent : kernel.domain()) {
        points = Math.multiplyExact(points, extent.evaluate(dims));
      }
      return points;
    }

    private WorkRange work(long units, long points) {
      int items = rendered.schedule().groupItems();
      long groups =
          switch (rendered.schedule()) {
            case ALONE -> 1;
            case RANGES -> points <= ALONE_POINTS ? 1 : Math.min(units, rangesMax(context.chip()));
            case INTERLEAVED -> Math.min(Math.ceilDiv(units, items), GROUPS_MAX);
            case LANES -> Math.min(units, GROUPS_MAX);
          };
      return WorkRange.of(groups, items);
    }

    @Override
    public void close() {
      // the program is the device's
    }
  }
}
