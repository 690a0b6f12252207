package dev.bascule.gpu.opencl;

import java.lang.foreign.MemorySegment;

/**
 * A range of device memory; whoever made it closes it, after the work that uses it has finished.
 */
public final class OpenClBuffer implements AutoCloseable {
  private final OpenClBindings bindings;
  private final MemorySegment handle;
  private final long bytes;

  OpenClBuffer(OpenClBindings bindings, MemorySegment handle, long bytes) {
    this.bindings = bindings;
    this.handle = handle;
    this.bytes = bytes;
  }

  MemorySegment handle() {
    return handle;
  }

  /** Its size. */
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    bindings.releaseMemory(handle);
  }
}
