package dev.bascule.gpu.opencl;

import java.lang.foreign.MemorySegment;

/** A compiled source; its kernels may outlive it. */
public final class OpenClProgram implements AutoCloseable {
  private final OpenClBindings bindings;
  private final MemorySegment program;

  OpenClProgram(OpenClBindings bindings, MemorySegment program) {
    this.bindings = bindings;
    this.program = program;
  }

  /**
   * The kernel function {@code name} of the source, with arguments of its own: make one for each
   * thread that launches it.
   */
  public OpenClKernel kernel(String name) {
    return new OpenClKernel(bindings, name, bindings.createKernel(program, name));
  }

  @Override
  public void close() {
    bindings.releaseProgram(program);
  }
}
