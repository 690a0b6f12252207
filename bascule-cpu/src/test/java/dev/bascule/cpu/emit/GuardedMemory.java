package dev.bascule.cpu.emit;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/** Memory that ends (some slack aside) where touching another byte kills the process. */
final class GuardedMemory implements AutoCloseable {
  private static final long PAGE = 4096;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle MMAP =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("mmap"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MPROTECT =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("mprotect"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));
  private static final MethodHandle MUNMAP =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("munmap"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

  private record Mapping(long address, long bytes) {}

  private final Arena arena = Arena.ofConfined();
  private final List<Mapping> mappings = new ArrayList<>();

  /** {@code bytes} of memory with {@code slack} readable bytes behind, then a guard page. */
  MemorySegment allocate(long bytes, long slack) {
    long body = Math.ceilDiv(Math.max(1, bytes + slack), PAGE) * PAGE;
    try {
      long address = (long) MMAP.invokeExact(0L, body + 2 * PAGE, 3, 0x22, -1, 0L);
      if (address == -1
          || (int) MPROTECT.invokeExact(address, PAGE, 0) != 0
          || (int) MPROTECT.invokeExact(address + PAGE + body, PAGE, 0) != 0) {
        throw new IllegalStateException("no guarded memory");
      }
      mappings.add(new Mapping(address, body + 2 * PAGE));
      long start = address + PAGE + body - slack - bytes;
      MemorySegment all = MemorySegment.ofAddress(address + PAGE).reinterpret(body, arena, null);
      all.fill((byte) 0xA5);
      return MemorySegment.ofAddress(start).reinterpret(bytes, arena, null);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Whether the bytes before and behind a segment are as they were. */
  boolean isIntactAround(MemorySegment segment) {
    for (Mapping mapping : mappings) {
      long low = mapping.address() + PAGE;
      long high = mapping.address() + mapping.bytes() - PAGE;
      long start = segment.address();
      if (start >= low && start <= high) {
        MemorySegment all = MemorySegment.ofAddress(low).reinterpret(high - low, arena, null);
        for (long at = low; at < high; at++) {
          boolean outside = at < start || at >= start + segment.byteSize();
          if (outside && all.get(ValueLayout.JAVA_BYTE, at - low) != (byte) 0xA5) {
            return false;
          }
        }
      }
    }
    return true;
  }

  @Override
  public void close() {
    arena.close();
    for (Mapping mapping : mappings) {
      try {
        int status = (int) MUNMAP.invokeExact(mapping.address(), mapping.bytes());
        assert status == 0;
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }
}
