package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads the values that OpenCL's {@code clGet...Info} functions give: text, or integers of 4 or 8
 * bytes.
 */
record OpenClQuery(Source source) {
  /** One {@code clGet...Info} of one object. */
  @FunctionalInterface
  interface Source {
    void get(int key, MemorySegment value, MemorySegment size);
  }

  /** Zero-terminated text, without the blanks around that some drivers leave. */
  String text(int key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      source.get(key, MemorySegment.NULL, size);
      long bytes = size.get(ValueLayout.JAVA_LONG, 0);
      MemorySegment value =
          arena.allocate(bytes + 1); // the last byte stays 0, whatever the driver writes
      source.get(key, value.asSlice(0, bytes), size);
      return value.getString(0).strip();
    }
  }

  /** An integer of the size that the driver says it has. */
  long integer(int key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      source.get(key, MemorySegment.NULL, size);
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      boolean isLong = size.get(ValueLayout.JAVA_LONG, 0) == Long.BYTES;
      source.get(key, value.asSlice(0, isLong ? Long.BYTES : Integer.BYTES), size);
      return isLong
          ? value.get(ValueLayout.JAVA_LONG, 0)
          : Integer.toUnsignedLong(value.get(ValueLayout.JAVA_INT, 0));
    }
  }

  boolean flag(int key) {
    return integer(key) != 0;
  }
}
