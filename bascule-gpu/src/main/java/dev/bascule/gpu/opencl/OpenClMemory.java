package dev.bascule.gpu.opencl;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Device memory as the engine sees it; {@code bytes} may be 0, which OpenCL's own buffers may not.
 */
record OpenClMemory(OpenClBuffer buffer, long bytes, Optional<MemorySegment> host)
    implements Buffer {
  /** The OpenCL memory behind a buffer that this device is given. */
  static OpenClMemory of(Buffer buffer) {
    if (buffer instanceof OpenClMemory memory) {
      return memory;
    }
    throw new DeviceException(
        "a buffer of another device was given to OpenCL; copy it through host memory: "
            + buffer.getClass().getName());
  }

  @Override
  public void close() {
    buffer.close();
  }
}
