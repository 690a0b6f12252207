package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An in-order queue of work: each command begins after the one before it has ended. Commands return
 * at once, and the memory they use must live until they have ended; {@link #read} and {@link
 * #write} wait.
 */
public final class OpenClQueue implements AutoCloseable {
  private static final int BLOCKING = 1;
  private static final int NON_BLOCKING = 0;
  private static final long MAP_READ_WRITE = 3;

  private final OpenClBindings bindings;
  private final MemorySegment queue;

  OpenClQueue(OpenClBindings bindings, MemorySegment queue) {
    this.bindings = bindings;
    this.queue = queue;
  }

  /**
   * Waits for what was enqueued, then copies {@code host.byteSize()} bytes at {@code offset} of
   * {@code from} to the host.
   */
  public void read(OpenClBuffer from, long offset, MemorySegment host) {
    requireRange("read", from, offset, host.byteSize());
    if (host.byteSize() > 0) {
      bindings.enqueueRead(queue, from.handle(), BLOCKING, offset, host);
    }
  }

  /** As {@link #read}, but returns at once; {@code host} is filled when the queue gets there. */
  public void enqueueRead(OpenClBuffer from, long offset, MemorySegment host) {
    requireRange("read", from, offset, host.byteSize());
    if (host.byteSize() > 0) {
      bindings.enqueueRead(queue, from.handle(), NON_BLOCKING, offset, host);
    }
  }

  /**
   * Copies {@code host} to {@code offset} of {@code to}; {@code host} may be changed when this
   * returns.
   */
  public void write(OpenClBuffer to, long offset, MemorySegment host) {
    requireRange("write", to, offset, host.byteSize());
    if (host.byteSize() > 0) {
      bindings.enqueueWrite(queue, to.handle(), BLOCKING, offset, host);
    }
  }

  /**
   * As {@link #write}, but returns at once; {@code host} must stay as it is until the queue gets
   * there.
   */
  public void enqueueWrite(OpenClBuffer to, long offset, MemorySegment host) {
    requireRange("write", to, offset, host.byteSize());
    if (host.byteSize() > 0) {
      bindings.enqueueWrite(queue, to.handle(), NON_BLOCKING, offset, host);
    }
  }

  /** Copies between buffers, or between ranges of one that do not overlap. */
  public void copy(OpenClBuffer from, long fromOffset, OpenClBuffer to, long toOffset, long bytes) {
    requireRange("copy", from, fromOffset, bytes);
    requireRange("copy", to, toOffset, bytes);
    if (bytes > 0) {
      bindings.enqueueCopy(queue, from.handle(), to.handle(), fromOffset, toOffset, bytes);
    }
  }

  /** Fills a range with one byte. */
  public void fill(OpenClBuffer buffer, byte pattern, long offset, long bytes) {
    requireRange("fill", buffer, offset, bytes);
    if (bytes > 0) {
      try (Arena arena = Arena.ofConfined()) { // the driver copies the pattern before it returns
        bindings.enqueueFill(
            queue,
            buffer.handle(),
            arena.allocateFrom(ValueLayout.JAVA_BYTE, pattern),
            offset,
            bytes);
      }
    }
  }

  /**
   * Waits, then shows a range to the host for reading and writing until {@link #unmap}; on a CPU
   * device without a copy.
   */
  public MemorySegment map(OpenClBuffer buffer, long offset, long bytes) {
    requireRange("map", buffer, offset, bytes);
    return bindings
        .enqueueMap(queue, buffer.handle(), BLOCKING, MAP_READ_WRITE, offset, bytes)
        .reinterpret(bytes);
  }

  /** Gives back what {@link #map} gave. */
  public void unmap(OpenClBuffer buffer, MemorySegment mapped) {
    bindings.enqueueUnmap(queue, buffer.handle(), mapped);
  }

  /** Runs {@code kernel} over {@code work}. */
  public void launch(OpenClKernel kernel, WorkRange work) {
    kernel.launch(queue, work, MemorySegment.NULL);
  }

  /**
   * Runs {@code kernel} over {@code work}; the event knows how long it took if the queue is
   * profiling.
   */
  public OpenClEvent launchTimed(OpenClKernel kernel, WorkRange work) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(ValueLayout.ADDRESS);
      kernel.launch(queue, work, event);
      return new OpenClEvent(bindings, event.get(ValueLayout.ADDRESS, 0));
    }
  }

  /** An event that happens when all that was enqueued so far has ended. */
  public OpenClEvent record() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(ValueLayout.ADDRESS);
      bindings.enqueueMarker(queue, event);
      bindings.flush(queue); // else another queue could wait for ever
      return new OpenClEvent(bindings, event.get(ValueLayout.ADDRESS, 0));
    }
  }

  /** What is enqueued from now on begins after {@code event}, which may be another queue's. */
  public void await(OpenClEvent event) {
    bindings.enqueueBarrier(queue, event.handle());
  }

  /** Hands what was enqueued to the device without waiting for it. */
  public void flush() {
    bindings.flush(queue);
  }

  /** Waits for all that was enqueued. */
  public void finish() {
    bindings.finish(queue);
  }

  private static void requireRange(String command, OpenClBuffer buffer, long offset, long bytes) {
    if (offset < 0 || bytes < 0 || offset > buffer.bytes() - bytes) {
      throw new IndexOutOfBoundsException(
          "OpenCL %s of %d bytes at offset %d: the buffer has %d bytes"
              .formatted(command, bytes, offset, buffer.bytes()));
    }
  }

  @Override
  public void close() {
    bindings.releaseQueue(queue);
  }
}
