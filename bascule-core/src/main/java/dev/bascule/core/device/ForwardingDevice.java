package dev.bascule.core.device;

import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A device that hands everything on to another: what watches, counts or spoils overrides the rest.
 * Closing it closes the other.
 */
public abstract class ForwardingDevice implements Device {
  private final Device device;

  protected ForwardingDevice(Device device) {
    this.device = device;
  }

  @Override
  public DeviceInfo info() {
    return device.info();
  }

  @Override
  public Buffer allocate(long bytes) {
    return device.allocate(bytes);
  }

  @Override
  public Optional<Buffer> adopt(MemorySegment segment) {
    return device.adopt(segment);
  }

  @Override
  public Stream stream() {
    return device.stream();
  }

  @Override
  public Launchable compile(Kernel kernel) {
    return device.compile(kernel);
  }

  @Override
  public List<LibraryKernel> library() {
    return device.library();
  }

  @Override
  public void close() {
    device.close();
  }
}
