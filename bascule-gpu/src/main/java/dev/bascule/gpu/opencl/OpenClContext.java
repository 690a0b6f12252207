package dev.bascule.gpu.opencl;

import java.lang.foreign.MemorySegment;

/**
 * One chip in use: what is needed to make queues, buffers and programs for it. Whoever opens it
 * closes it, after all that was made from it.
 */
public final class OpenClContext implements AutoCloseable {
  private static final long MEM_READ_WRITE = 1 << 0;
  private static final long MEM_USE_HOST_PTR = 1 << 3;
  private static final long QUEUE_PROFILING = 1 << 1;
  private static final int PROGRAM_BUILD_LOG = 0x1183;

  private final OpenClChip chip;
  private final OpenClBindings bindings;
  private final MemorySegment context;

  private OpenClContext(OpenClChip chip, MemorySegment context) {
    this.chip = chip;
    this.bindings = chip.handle().bindings();
    this.context = context;
  }

  /** Starts to use {@code chip}. */
  public static OpenClContext open(OpenClChip chip) {
    return new OpenClContext(
        chip, chip.handle().bindings().createContext(MemorySegment.NULL, chip.handle().id()));
  }

  /** The chip that this context uses. */
  public OpenClChip chip() {
    return chip;
  }

  /** An in-order queue. */
  public OpenClQueue queue() {
    return new OpenClQueue(bindings, bindings.createQueue(context, chip.handle().id(), 0));
  }

  /** An in-order queue whose events know when they began and ended; slower on some drivers. */
  public OpenClQueue profilingQueue() {
    return new OpenClQueue(
        bindings, bindings.createQueue(context, chip.handle().id(), QUEUE_PROFILING));
  }

  /** Device memory of {@code bytes} > 0 bytes, not cleared. */
  public OpenClBuffer allocate(long bytes) {
    requireRoom(bytes);
    return new OpenClBuffer(
        bindings, bindings.createBuffer(context, MEM_READ_WRITE, bytes, MemorySegment.NULL), bytes);
  }

  /**
   * A buffer that lies in {@code host} itself, which must outlive it. On a CPU device nothing is
   * ever copied; a GPU may keep a copy, so that the host sees results only through {@link
   * OpenClQueue#map} or {@link OpenClQueue#read}.
   */
  public OpenClBuffer adopt(MemorySegment host) {
    requireRoom(host.byteSize());
    return new OpenClBuffer(
        bindings,
        bindings.createBuffer(context, MEM_READ_WRITE | MEM_USE_HOST_PTR, host.byteSize(), host),
        host.byteSize());
  }

  private void requireRoom(long bytes) {
    if (bytes <= 0 || bytes > chip.allocationBytesMax()) {
      throw OpenClStatus.failure(
          "clCreateBuffer",
          OpenClStatus.INVALID_BUFFER_SIZE,
          bytes
              + " bytes were asked for; the largest buffer of "
              + chip.name()
              + " has "
              + chip.allocationBytesMax());
    }
  }

  /**
   * Compiles {@code source} (OpenCL C).
   *
   * @param options of {@code clBuildProgram}
   * @throws OpenClException with the compiler's log when it does not compile
   */
  public OpenClProgram build(String source, String options) {
    MemorySegment program = bindings.createProgram(context, source);
    int status = bindings.buildProgram(program, chip.handle().id(), options);
    if (status == OpenClStatus.SUCCESS) {
      return new OpenClProgram(bindings, program);
    }
    try {
      throw OpenClStatus.failure(
          "clBuildProgram",
          status,
          "options \"" + options + "\", the compiler says:\n" + buildLog(program));
    } finally {
      bindings.releaseProgram(program);
    }
  }

  private String buildLog(MemorySegment program) {
    return new OpenClQuery((key, value, size) ->
        bindings.getProgramBuildInfo(program, chip.handle().id(), key, value, size))
        .text(PROGRAM_BUILD_LOG);
  }

  @Override
  public void close() {
    bindings.releaseContext(context);
  }
}
