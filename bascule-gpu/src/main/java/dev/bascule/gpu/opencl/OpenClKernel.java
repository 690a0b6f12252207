package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A kernel function and its arguments, which a launch takes as they are at that moment. For one
 * thread at a time: OpenCL keeps the arguments in the kernel.
 */
public final class OpenClKernel implements AutoCloseable {
  private final OpenClBindings bindings;
  private final String name;
  private final MemorySegment kernel;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
  private final MemorySegment range = arena.allocate(ValueLayout.JAVA_LONG, 6);

  OpenClKernel(OpenClBindings bindings, String name, MemorySegment kernel) {
    this.bindings = bindings;
    this.name = name;
    this.kernel = kernel;
  }

  /**
   * A {@code global} pointer to the start of {@code buffer}; pass an offset as an argument of its
   * own.
   */
  public OpenClKernel argument(int index, OpenClBuffer buffer) {
    value.set(ValueLayout.ADDRESS, 0, buffer.handle());
    bindings.setKernelArgument(kernel, index, ValueLayout.ADDRESS.byteSize(), value);
    return this;
  }

  /** A {@code long}. */
  public OpenClKernel argument(int index, long number) {
    value.set(ValueLayout.JAVA_LONG, 0, number);
    bindings.setKernelArgument(kernel, index, Long.BYTES, value);
    return this;
  }

  /** An {@code int}. */
  public OpenClKernel argument(int index, int number) {
    value.set(ValueLayout.JAVA_INT, 0, number);
    bindings.setKernelArgument(kernel, index, Integer.BYTES, value);
    return this;
  }

  /** A {@code float}. */
  public OpenClKernel argument(int index, float number) {
    value.set(ValueLayout.JAVA_FLOAT, 0, number);
    bindings.setKernelArgument(kernel, index, Float.BYTES, value);
    return this;
  }

  /** {@code bytes} of {@code local} memory for each work group. */
  public OpenClKernel localArgument(int index, long bytes) {
    bindings.setKernelArgument(kernel, index, bytes, MemorySegment.NULL);
    return this;
  }

  /** Enqueues with the arguments as they are; {@code event} is where its event goes, or NULL. */
  void launch(MemorySegment queue, WorkRange work, MemorySegment event) {
    for (int i = 0; i < 3; i++) {
      range.setAtIndex(ValueLayout.JAVA_LONG, i, work.global(i));
      range.setAtIndex(ValueLayout.JAVA_LONG, 3 + i, work.local(i));
    }
    MemorySegment local = range.asSlice(3 * Long.BYTES);
    int status = bindings.enqueueKernel(queue, kernel, 3, range, local, event);
    if (status != OpenClStatus.SUCCESS) {
      throw OpenClStatus.failure(
          "clEnqueueNDRangeKernel", status, "kernel \"" + name + "\" over " + work);
    }
  }

  @Override
  public void close() {
    bindings.releaseKernel(kernel);
    arena.close();
  }
}
