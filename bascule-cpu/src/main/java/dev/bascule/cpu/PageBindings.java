package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import dev.bascule.cpu.asm.NativeFunction;
import java.lang.foreign.MemorySegment;

/** The C library's calls for whole pages of memory (values of the flags are Linux's). */
final class PageBindings {
  static final long PAGE_BYTES = 4096;

  private static final int NONE = 0;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
  private static final int MADV_HUGEPAGE = 14;
  private static final long FAILED = -1;

  private static final MemorySegment MMAP = NativeFunction.named("mmap");
  private static final MemorySegment MUNMAP = NativeFunction.named("munmap");
  private static final MemorySegment MPROTECT = NativeFunction.named("mprotect");
  private static final MemorySegment MADVISE = NativeFunction.named("madvise");

  private PageBindings() {}

  /** Where these calls exist with these meanings. */
  static boolean isAvailable() {
    return System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("sun.arch.data.model", "64").equals("64");
  }

  /** New pages of zeros; memory is taken when they are first written. */
  static long map(long bytes) {
    long address =
        NativeFunction.call(MMAP, 0, bytes, READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
    if (address == FAILED) {
      throw new DeviceException(
          "cpu: the system refused "
              + bytes
              + " bytes of memory; use a smaller model or batch, or raise the limit (ulimit -v)");
    }
    return address;
  }

  static void unmap(long address, long bytes) {
    check("munmap", NativeFunction.call(MUNMAP, address, bytes, 0));
  }

  /** From here on touching these pages kills the process: finds overruns in tests. */
  static void forbid(long address, long bytes) {
    check("mprotect", NativeFunction.call(MPROTECT, address, bytes, NONE));
  }

  /** Asks for huge pages; the system may decline. */
  static void preferHugePages(long address, long bytes) {
    long ignored = NativeFunction.call(MADVISE, address, bytes, MADV_HUGEPAGE);
  }

  private static void check(String function, long returned) {
    int status = (int) returned;
    if (status != 0) {
      throw new DeviceException("cpu: " + function + " failed with status " + status);
    }
  }
}
