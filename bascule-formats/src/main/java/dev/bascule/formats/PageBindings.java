package dev.bascule.formats;

import static java.lang.foreign.ValueLayout.JAVA_INT;
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
    private static final MethodHandle MADVISE =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
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
      int ignored = advise(start, end - start);
    }
  }

  private static int advise(long address, long bytes) {
    try {
      return (int) Calls.MADVISE.invokeExact(address, bytes, MADV_DONTNEED);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }
}
