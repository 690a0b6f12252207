package dev.bascule.core.reference;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceInfo;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelInterpreter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A device that interprets kernels one scalar at a time, on the caller's thread. It has no library
 * kernels, so everything decomposes: the slowest way to the right bits.
 */
public final class ReferenceDevice implements Device {
  private final AtomicLong liveBytes = new AtomicLong();

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("reference", "the interpreter that defines every op", 0, 1, List.of());
  }

  /** Bytes of buffers that are not closed. */
  public long liveBytes() {
    return liveBytes.get();
  }

  @Override
  public Buffer allocate(long bytes) {
    liveBytes.addAndGet(bytes);
    return new HostBuffer(Arena.ofShared(), bytes, liveBytes);
  }

  @Override
  public Optional<Buffer> adopt(MemorySegment segment) {
    return Optional.empty();
  }

  @Override
  public Stream stream() {
    return new HostStream();
  }

  @Override
  public Launchable compile(Kernel kernel) {
    return new Interpreted(kernel);
  }

  @Override
  public List<LibraryKernel> library() {
    return List.of();
  }

  @Override
  public void close() {
    // owns nothing: buffers belong to who allocated them
  }

  private static MemorySegment segment(Slice slice) {
    return ((HostBuffer) slice.buffer()).segment.asSlice(slice.offsetBytes(), slice.bytes());
  }

  private static final class HostBuffer implements Buffer {
    private final Arena arena;
    private final MemorySegment segment;
    private final AtomicLong liveBytes;

    HostBuffer(Arena arena, long bytes, AtomicLong liveBytes) {
      this.arena = arena;
      this.segment = arena.allocate(bytes, 64);
      this.liveBytes = liveBytes;
    }

    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public Optional<MemorySegment> host() {
      return Optional.of(segment);
    }

    @Override
    public void close() {
      liveBytes.addAndGet(-segment.byteSize());
      arena.close();
    }
  }

  private record Interpreted(Kernel kernel) implements Launchable {
    @Override
    public String describe() {
      return "interpreted";
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      return new InterpretedLaunch(
          kernel, operands.stream().map(ReferenceDevice::segment).toList(), dims);
    }

    @Override
    public void close() {
      // nothing was compiled
    }
  }

  private record InterpretedLaunch(Kernel kernel, List<MemorySegment> operands, Bindings dims)
      implements Launch {
    @Override
    public String name() {
      return kernel.name();
    }

    @Override
    public void close() {
      // operands belong to their buffers
    }
  }

  private static final class HostStream implements Stream {
    @Override
    public void upload(MemorySegment from, Slice to) {
      segment(to).copyFrom(from.asSlice(0, to.bytes()));
    }

    @Override
    public void download(Slice from, MemorySegment to) {
      to.asSlice(0, from.bytes()).copyFrom(segment(from));
    }

    @Override
    public void copy(Slice from, Slice to) {
      segment(to).copyFrom(segment(from));
    }

    @Override
    public void launch(Launch launch) {
      if (!(launch instanceof InterpretedLaunch run)) {
        throw new DeviceException("launch " + launch.name() + " was bound for another device");
      }
      KernelInterpreter.run(run.kernel(), run.operands(), run.dims());
    }

    @Override
    public Marker record() {
      return () -> {};
    }

    @Override
    public void await(Marker marker) {
      // everything is done when it is submitted
    }

    @Override
    public void synchronize() {
      // everything is done when it is submitted
    }

    @Override
    public void close() {
      // owns nothing
    }
  }
}
