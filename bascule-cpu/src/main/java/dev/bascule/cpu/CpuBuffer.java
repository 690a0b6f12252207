package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Slice;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Host memory that kernels work on in place. */
final class CpuBuffer implements Buffer {
  private final MemorySegment memory;
  private final Runnable release;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param release gives the memory back, once
   */
  CpuBuffer(MemorySegment memory, Runnable release) {
    this.memory = memory;
    this.release = release;
  }

  /** The memory under a slice of one of this device's buffers. */
  static MemorySegment memory(Slice slice) {
    if (!(slice.buffer() instanceof CpuBuffer buffer)) {
      throw new DeviceException(
          "cpu: this buffer belongs to another device; copy it to the cpu through the host");
    }
    if (buffer.closed.get()) {
      throw new DeviceException("cpu: this buffer of " + buffer.bytes() + " bytes is closed");
    }
    return buffer.memory.asSlice(slice.offsetBytes(), slice.bytes());
  }

  @Override
  public long bytes() {
    return memory.byteSize();
  }

  @Override
  public Optional<MemorySegment> host() {
    return Optional.of(memory);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.run();
    }
  }
}
