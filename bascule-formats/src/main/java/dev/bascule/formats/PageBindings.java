package dev.bascule.formats;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The C library's call about pages of a mapped file (values of the flags are Linux's). */
final class PageBindings {
  private static final long PAGE_BYTES = 4096;
  private static final int MADV_DONTNEED = 4;

  private PageBindings() {}

  /** Where this call exists with this meaning. */
  private static boolean isAvailable() {
    return System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("sun.arch.data.model", "64").equals("64");
  }

  /** Finds the call when it is first needed. */
  private static final class Calls {
    private static final MemorySegment MADVISE =
        Linker.nativeLinker().defaultLookup().findOrThrow("madvise");

    /**
     * More arguments than the call has, which it ignores: the JVM writes code for each shape, and
     * this one is the device's too.
     */
    private static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(
                FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /**
   * Takes the whole pages of a read-only mapping out of this process; they are read from the file
   * again when they are touched. The system may decline.
   */
  static void letGo(MemorySegment mapping) {
    if (!isAvailable()) {
      return;
    }
    long start = Math.ceilDiv(mapping.address(), PAGE_BYTES) * PAGE_BYTES;
    long end = Math.floorDiv(mapping.address() + mapping.byteSize(), PAGE_BYTES) * PAGE_BYTES;
    if (end > start) {
      long ignored = advise(start, end - start);
    }
  }

  private static long advise(long address, long bytes) {
    try {
      return (long)
          Calls.CALL.invokeExact(Calls.MADVISE, address, bytes, (long) MADV_DONTNEED, 0L, 0L, 0L);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }
}
