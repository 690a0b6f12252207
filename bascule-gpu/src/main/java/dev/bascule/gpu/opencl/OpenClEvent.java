package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A point in a queue; whoever made it closes it, at any time. */
public final class OpenClEvent implements AutoCloseable {
  private static final int COMMAND_START = 0x1282;
  private static final int COMMAND_END = 0x1283;

  private final OpenClBindings bindings;
  private final MemorySegment event;

  OpenClEvent(OpenClBindings bindings, MemorySegment event) {
    this.bindings = bindings;
    this.event = event;
  }

  MemorySegment handle() {
    return event;
  }

  /** Blocks until it has happened. */
  public void waitFor() {
    bindings.waitForEvent(event);
  }

  /** How long the command took on the device; it must have ended, on a profiling queue. */
  public long durationNanos() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG);
      bindings.getEventProfilingInfo(event, COMMAND_START, time);
      long start = time.get(ValueLayout.JAVA_LONG, 0);
      bindings.getEventProfilingInfo(event, COMMAND_END, time);
      return time.get(ValueLayout.JAVA_LONG, 0) - start;
    }
  }

  @Override
  public void close() {
    bindings.releaseEvent(event);
  }
}
