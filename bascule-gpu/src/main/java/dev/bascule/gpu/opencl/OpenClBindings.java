package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code libOpenCL} that Bascule calls (OpenCL 1.2 has all of them): one line for
 * the symbol, one for the call, in the order of {@code cl.h}; the status is checked here. Handles
 * ({@code cl_mem}, {@code cl_kernel}, ...) are plain addresses, owned by the classes around. All
 * functions but {@link #setKernelArgument} may be called from any thread.
 */
final class OpenClBindings {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG; // also size_t, cl_bitfield
  private static final ValueLayout POINTER = ValueLayout.ADDRESS;
  private static final MemorySegment NULL = MemorySegment.NULL;
  private static final int NO_EVENTS = 0;

  private final SymbolLookup library;

  /**
   * Finds every function in {@code library}.
   *
   * @throws java.util.NoSuchElementException when one is missing
   */
  OpenClBindings(SymbolLookup library) {
    this.library = library;
    super(); // the handles below are looked up in the library
  }

  // Platforms and devices

  private final MethodHandle getPlatformIds = status("clGetPlatformIDs", INT, POINTER, POINTER);

  /** The status is the caller's: no platform at all is no error. */
  int getPlatformIds(int capacity, MemorySegment ids, MemorySegment count) {
    return call(() -> (int) getPlatformIds.invokeExact(capacity, ids, count));
  }

  private final MethodHandle getPlatformInfo =
      status("clGetPlatformInfo", POINTER, INT, LONG, POINTER, POINTER);

  void getPlatformInfo(MemorySegment platform, int name, MemorySegment value, MemorySegment size) {
    check(
        "clGetPlatformInfo",
        () -> (int) getPlatformInfo.invokeExact(platform, name, value.byteSize(), value, size));
  }

  private final MethodHandle getDeviceIds =
      status("clGetDeviceIDs", POINTER, LONG, INT, POINTER, POINTER);

  /** The status is the caller's: a platform without devices is no error. */
  int getDeviceIds(
      MemorySegment platform, long types, int capacity, MemorySegment ids, MemorySegment count) {
    return call(() -> (int) getDeviceIds.invokeExact(platform, types, capacity, ids, count));
  }

  private final MethodHandle getDeviceInfo =
      status("clGetDeviceInfo", POINTER, INT, LONG, POINTER, POINTER);

  void getDeviceInfo(MemorySegment device, int name, MemorySegment value, MemorySegment size) {
    check(
        "clGetDeviceInfo",
        () -> (int) getDeviceInfo.invokeExact(device, name, value.byteSize(), value, size));
  }

  // Contexts and queues

  private final MethodHandle createContext =
      handle("clCreateContext", POINTER, INT, POINTER, POINTER, POINTER, POINTER);

  MemorySegment createContext(MemorySegment properties, MemorySegment device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(ValueLayout.ADDRESS, device);
      return create(
          "clCreateContext",
          status ->
              (MemorySegment)
                  createContext.invokeExact(properties, 1, devices, NULL, NULL, status));
    }
  }

  private final MethodHandle releaseContext = status("clReleaseContext", POINTER);

  void releaseContext(MemorySegment context) {
    check("clReleaseContext", () -> (int) releaseContext.invokeExact(context));
  }

  private final MethodHandle createQueue =
      handle("clCreateCommandQueue", POINTER, POINTER, LONG, POINTER);

  MemorySegment createQueue(MemorySegment context, MemorySegment device, long properties) {
    return create(
        "clCreateCommandQueue",
        status -> (MemorySegment) createQueue.invokeExact(context, device, properties, status));
  }

  private final MethodHandle releaseQueue = status("clReleaseCommandQueue", POINTER);

  void releaseQueue(MemorySegment queue) {
    check("clReleaseCommandQueue", () -> (int) releaseQueue.invokeExact(queue));
  }

  private final MethodHandle flush = status("clFlush", POINTER);

  void flush(MemorySegment queue) {
    check("clFlush", () -> (int) flush.invokeExact(queue));
  }

  private final MethodHandle finish = status("clFinish", POINTER);

  void finish(MemorySegment queue) {
    check("clFinish", () -> (int) finish.invokeExact(queue));
  }

  // Buffers

  private final MethodHandle createBuffer =
      handle("clCreateBuffer", POINTER, LONG, LONG, POINTER, POINTER);

  MemorySegment createBuffer(MemorySegment context, long flags, long bytes, MemorySegment host) {
    return create(
        "clCreateBuffer",
        status -> (MemorySegment) createBuffer.invokeExact(context, flags, bytes, host, status));
  }

  private final MethodHandle releaseMemory = status("clReleaseMemObject", POINTER);

  void releaseMemory(MemorySegment buffer) {
    check("clReleaseMemObject", () -> (int) releaseMemory.invokeExact(buffer));
  }

  private final MethodHandle read =
      status(
          "clEnqueueReadBuffer", POINTER, POINTER, INT, LONG, LONG, POINTER, INT, POINTER, POINTER);

  void enqueueRead(
      MemorySegment queue, MemorySegment buffer, int blocking, long offset, MemorySegment host) {
    check(
        "clEnqueueReadBuffer",
        () ->
            (int)
                read.invokeExact(
                    queue, buffer, blocking, offset, host.byteSize(), host, NO_EVENTS, NULL, NULL));
  }

  private final MethodHandle write =
      status(
          "clEnqueueWriteBuffer",
          POINTER,
          POINTER,
          INT,
          LONG,
          LONG,
          POINTER,
          INT,
          POINTER,
          POINTER);

  void enqueueWrite(
      MemorySegment queue, MemorySegment buffer, int blocking, long offset, MemorySegment host) {
    check(
        "clEnqueueWriteBuffer",
        () ->
            (int)
                write.invokeExact(
                    queue, buffer, blocking, offset, host.byteSize(), host, NO_EVENTS, NULL, NULL));
  }

  private final MethodHandle copy =
      status(
          "clEnqueueCopyBuffer",
          POINTER,
          POINTER,
          POINTER,
          LONG,
          LONG,
          LONG,
          INT,
          POINTER,
          POINTER);

  void enqueueCopy(
      MemorySegment queue,
      MemorySegment from,
      MemorySegment to,
      long fromOffset,
      long toOffset,
      long bytes) {
    check(
        "clEnqueueCopyBuffer",
        () ->
            (int)
                copy.invokeExact(
                    queue, from, to, fromOffset, toOffset, bytes, NO_EVENTS, NULL, NULL));
  }

  private final MethodHandle fill =
      status(
          "clEnqueueFillBuffer",
          POINTER,
          POINTER,
          POINTER,
          LONG,
          LONG,
          LONG,
          INT,
          POINTER,
          POINTER);

  void enqueueFill(
      MemorySegment queue, MemorySegment buffer, MemorySegment pattern, long offset, long bytes) {
    check(
        "clEnqueueFillBuffer",
        () ->
            (int)
                fill.invokeExact(
                    queue,
                    buffer,
                    pattern,
                    pattern.byteSize(),
                    offset,
                    bytes,
                    NO_EVENTS,
                    NULL,
                    NULL));
  }

  private final MethodHandle map =
      handle(
          "clEnqueueMapBuffer",
          POINTER,
          POINTER,
          INT,
          LONG,
          LONG,
          LONG,
          INT,
          POINTER,
          POINTER,
          POINTER);

  MemorySegment enqueueMap(
      MemorySegment queue,
      MemorySegment buffer,
      int blocking,
      long flags,
      long offset,
      long bytes) {
    return create(
        "clEnqueueMapBuffer",
        status ->
            (MemorySegment)
                map.invokeExact(
                    queue, buffer, blocking, flags, offset, bytes, NO_EVENTS, NULL, NULL, status));
  }

  private final MethodHandle unmap =
      status("clEnqueueUnmapMemObject", POINTER, POINTER, POINTER, INT, POINTER, POINTER);

  void enqueueUnmap(MemorySegment queue, MemorySegment buffer, MemorySegment mapped) {
    check(
        "clEnqueueUnmapMemObject",
        () -> (int) unmap.invokeExact(queue, buffer, mapped, NO_EVENTS, NULL, NULL));
  }

  // Programs and kernels

  private final MethodHandle createProgram =
      handle("clCreateProgramWithSource", POINTER, INT, POINTER, POINTER, POINTER);

  MemorySegment createProgram(MemorySegment context, String source) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sources = arena.allocateFrom(ValueLayout.ADDRESS, arena.allocateFrom(source));
      return create(
          "clCreateProgramWithSource",
          status -> (MemorySegment) createProgram.invokeExact(context, 1, sources, NULL, status));
    }
  }

  private final MethodHandle buildProgram =
      status("clBuildProgram", POINTER, INT, POINTER, POINTER, POINTER, POINTER);

  /** The status is the caller's: what went wrong is in the build log. */
  int buildProgram(MemorySegment program, MemorySegment device, String options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(ValueLayout.ADDRESS, device);
      MemorySegment text = arena.allocateFrom(options);
      return call(() -> (int) buildProgram.invokeExact(program, 1, devices, text, NULL, NULL));
    }
  }

  private final MethodHandle getProgramBuildInfo =
      status("clGetProgramBuildInfo", POINTER, POINTER, INT, LONG, POINTER, POINTER);

  void getProgramBuildInfo(
      MemorySegment program,
      MemorySegment device,
      int name,
      MemorySegment value,
      MemorySegment size) {
    check(
        "clGetProgramBuildInfo",
        () ->
            (int)
                getProgramBuildInfo.invokeExact(
                    program, device, name, value.byteSize(), value, size));
  }

  private final MethodHandle releaseProgram = status("clReleaseProgram", POINTER);

  void releaseProgram(MemorySegment program) {
    check("clReleaseProgram", () -> (int) releaseProgram.invokeExact(program));
  }

  private final MethodHandle createKernel = handle("clCreateKernel", POINTER, POINTER, POINTER);

  MemorySegment createKernel(MemorySegment program, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return create(
          "clCreateKernel \"" + name + "\"",
          status -> (MemorySegment) createKernel.invokeExact(program, text, status));
    }
  }

  private final MethodHandle setKernelArgument =
      status("clSetKernelArg", POINTER, INT, LONG, POINTER);

  /** Not to be called for one kernel from two threads at a time. */
  void setKernelArgument(MemorySegment kernel, int index, long bytes, MemorySegment value) {
    int status = call(() -> (int) setKernelArgument.invokeExact(kernel, index, bytes, value));
    if (status != OpenClStatus.SUCCESS) {
      throw OpenClStatus.failure(
          "clSetKernelArg", status, "argument " + index + " of " + bytes + " bytes");
    }
  }

  private final MethodHandle releaseKernel = status("clReleaseKernel", POINTER);

  void releaseKernel(MemorySegment kernel) {
    check("clReleaseKernel", () -> (int) releaseKernel.invokeExact(kernel));
  }

  private final MethodHandle launch =
      status(
          "clEnqueueNDRangeKernel",
          POINTER,
          POINTER,
          INT,
          POINTER,
          POINTER,
          POINTER,
          INT,
          POINTER,
          POINTER);

  /** The status is the caller's, who knows what was launched. */
  int enqueueKernel(
      MemorySegment queue,
      MemorySegment kernel,
      int dimensions,
      MemorySegment global,
      MemorySegment local,
      MemorySegment event) {
    return call(() ->
        (int)
            launch.invokeExact(
                queue, kernel, dimensions, NULL, global, local, NO_EVENTS, NULL, event));
  }

  // Events

  private final MethodHandle marker =
      status("clEnqueueMarkerWithWaitList", POINTER, INT, POINTER, POINTER);

  void enqueueMarker(MemorySegment queue, MemorySegment event) {
    check(
        "clEnqueueMarkerWithWaitList",
        () -> (int) marker.invokeExact(queue, NO_EVENTS, NULL, event));
  }

  private final MethodHandle barrier =
      status("clEnqueueBarrierWithWaitList", POINTER, INT, POINTER, POINTER);

  void enqueueBarrier(MemorySegment queue, MemorySegment event) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocateFrom(ValueLayout.ADDRESS, event);
      check(
          "clEnqueueBarrierWithWaitList", () -> (int) barrier.invokeExact(queue, 1, events, NULL));
    }
  }

  private final MethodHandle waitForEvents = status("clWaitForEvents", INT, POINTER);

  void waitForEvent(MemorySegment event) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocateFrom(ValueLayout.ADDRESS, event);
      check("clWaitForEvents", () -> (int) waitForEvents.invokeExact(1, events));
    }
  }

  private final MethodHandle getEventProfilingInfo =
      status("clGetEventProfilingInfo", POINTER, INT, LONG, POINTER, POINTER);

  void getEventProfilingInfo(MemorySegment event, int name, MemorySegment value) {
    check(
        "clGetEventProfilingInfo",
        () -> (int) getEventProfilingInfo.invokeExact(event, name, value.byteSize(), value, NULL));
  }

  private final MethodHandle releaseEvent = status("clReleaseEvent", POINTER);

  void releaseEvent(MemorySegment event) {
    check("clReleaseEvent", () -> (int) releaseEvent.invokeExact(event));
  }

  // How they are called

  /** A function whose result is its status. */
  private MethodHandle status(String function, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(function), FunctionDescriptor.of(INT, arguments));
  }

  /** A function whose result is a handle, and whose last argument points to its status. */
  private MethodHandle handle(String function, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(function), FunctionDescriptor.of(POINTER, arguments));
  }

  @FunctionalInterface
  private interface StatusCall {
    int invoke() throws Throwable;
  }

  @FunctionalInterface
  private interface Creation {
    MemorySegment invoke(MemorySegment status) throws Throwable;
  }

  private static void check(String function, StatusCall call) {
    OpenClStatus.check(function, call(call));
  }

  private static int call(StatusCall call) {
    try {
      return call.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) { // declared by invokeExact, never thrown by a downcall
      throw new AssertionError(e);
    }
  }

  private static MemorySegment create(String function, Creation creation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(INT);
      MemorySegment handle = creation.invoke(status);
      OpenClStatus.check(function, status.get(INT, 0));
      return handle;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) { // declared by invokeExact, never thrown by a downcall
      throw new AssertionError(e);
    }
  }
}
