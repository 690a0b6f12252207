package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.ForwardingDevice;
import dev.bascule.core.device.ForwardingStream;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** A device that counts what is open on it, so that a leak in the engine shows. */
final class CountingDevice extends ForwardingDevice {
  private final Device inner;
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong made = new AtomicLong();

  /** Uses {@code inner}, which stays the caller's. */
  CountingDevice(Device inner) {
    super(inner);
    this.inner = inner;
  }

  /** Buffers, streams, launchables and launches that are not closed. */
  long open() {
    return open.get();
  }

  /** The same, but all that were ever made. */
  long made() {
    return made.get();
  }

  private <T> T opened(T thing) {
    open.incrementAndGet();
    made.incrementAndGet();
    return thing;
  }

  @Override
  public Buffer allocate(long bytes) {
    return opened(new CountedBuffer(inner.allocate(bytes)));
  }

  @Override
  public Optional<Buffer> adopt(MemorySegment segment) {
    return inner.adopt(segment).map(buffer -> opened(new CountedBuffer(buffer)));
  }

  @Override
  public Stream stream() {
    return opened(new CountedStream(inner.stream()));
  }

  @Override
  public Launchable compile(Kernel kernel) {
    return opened(new CountedLaunchable(inner.compile(kernel)));
  }

  @Override
  public List<LibraryKernel> library() {
    List<LibraryKernel> kernels = new ArrayList<>();
    inner.library().forEach(kernel -> kernels.add(new CountedLibrary(kernel)));
    return kernels;
  }

  @Override
  public void close() {
    // the inner device is the caller's
  }

  private static Slice inner(Slice slice) {
    return new Slice(((CountedBuffer) slice.buffer()).buffer, slice.offsetBytes(), slice.bytes());
  }

  private final class CountedBuffer implements Buffer {
    private final Buffer buffer;

    CountedBuffer(Buffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public long bytes() {
      return buffer.bytes();
    }

    @Override
    public Optional<MemorySegment> host() {
      return buffer.host();
    }

    @Override
    public void close() {
      open.decrementAndGet();
      buffer.close();
    }
  }

  private final class CountedLaunchable implements Launchable {
    private final Launchable launchable;

    CountedLaunchable(Launchable launchable) {
      this.launchable = launchable;
    }

    @Override
    public String describe() {
      return launchable.describe();
    }

    @Override
    public long workspaceBytes(Bindings dims) {
      return launchable.workspaceBytes(dims);
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      List<Slice> inside = operands.stream().map(CountingDevice::inner).toList();
      return opened(new CountedLaunch(launchable.bind(inside, dims)));
    }

    @Override
    public void close() {
      open.decrementAndGet();
      launchable.close();
    }
  }

  private final class CountedLaunch implements Launch {
    private final Launch launch;

    CountedLaunch(Launch launch) {
      this.launch = launch;
    }

    @Override
    public String name() {
      return launch.name();
    }

    @Override
    public void close() {
      open.decrementAndGet();
      launch.close();
    }
  }

  private final class CountedLibrary implements LibraryKernel {
    private final LibraryKernel kernel;

    CountedLibrary(LibraryKernel kernel) {
      this.kernel = kernel;
    }

    @Override
    public String name() {
      return kernel.name();
    }

    @Override
    public boolean accepts(LibraryCall call) {
      return kernel.accepts(call);
    }

    @Override
    public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
      return kernel.encodingFor(call, operand);
    }

    @Override
    public Launchable prepare(LibraryCall call) {
      return opened(new CountedLaunchable(kernel.prepare(call)));
    }
  }

  private final class CountedStream extends ForwardingStream {
    CountedStream(Stream stream) {
      super(stream);
    }

    @Override
    public void upload(MemorySegment from, Slice to) {
      super.upload(from, inner(to));
    }

    @Override
    public void download(Slice from, MemorySegment to) {
      super.download(inner(from), to);
    }

    @Override
    public void copy(Slice from, Slice to) {
      super.copy(inner(from), inner(to));
    }

    @Override
    public void launch(Launch launch) {
      super.launch(((CountedLaunch) launch).launch);
    }

    @Override
    public void close() {
      open.decrementAndGet();
      super.close();
    }
  }
}
