package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.bascule.core.DeviceException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/** The C library's calls for whole pages of memory (values of the flags are Linux's). */
final class PageBindings {
  static final long PAGE_BYTES = 4096;

  private static final int NONE = 0;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
  private static final int MADV_HUGEPAGE = 14;
  private static final long FAILED = -1;

  private static final MethodHandle MMAP =
      bind("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = bind("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MPROTECT =
      bind("mprotect", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MADVISE =
      bind("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

  private PageBindings() {}

  private static MethodHandle bind(String name, MemoryLayout result, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, parameters));
  }

  /** Where these calls exist with these meanings. */
  static boolean isAvailable() {
    return System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("sun.arch.data.model", "64").equals("64");
  }

  /** New pages of zeros; memory is taken when they are first written. */
  static long map(long bytes) {
    try {
      long address =
          (long) MMAP.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
      if (address == FAILED) {
        throw new DeviceException(
            "cpu: the system refused "
                + bytes
                + " bytes of memory; use a smaller model or batch, or raise the limit (ulimit -v)");
      }
      return address;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  static void unmap(long address, long bytes) {
    check("munmap", call(MUNMAP, address, bytes));
  }

  /** From here on touching these pages kills the process: finds overruns in tests. */
  static void forbid(long address, long bytes) {
    check("mprotect", call(MPROTECT, address, bytes, NONE));
  }

  /** Asks for huge pages; the system may decline. */
  static void preferHugePages(long address, long bytes) {
    int ignored = call(MADVISE, address, bytes, MADV_HUGEPAGE);
  }

  private static int call(MethodHandle function, long address, long bytes) {
    try {
      return (int) function.invokeExact(address, bytes);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  private static int call(MethodHandle function, long address, long bytes, int argument) {
    try {
      return (int) function.invokeExact(address, bytes, argument);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  private static void check(String function, int status) {
    if (status != 0) {
      throw new DeviceException("cpu: " + function + " failed with status " + status);
    }
  }
}
