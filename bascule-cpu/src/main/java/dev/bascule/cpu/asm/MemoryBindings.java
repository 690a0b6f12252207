package dev.bascule.cpu.asm;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/** The C library's calls for mapping memory (Linux: values of the flags are Linux's). */
final class MemoryBindings {
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXECUTE = 4;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final long FAILED = -1;

  private static final MemorySegment MMAP = NativeFunction.named("mmap");
  private static final MemorySegment MPROTECT = NativeFunction.named("mprotect");
  private static final MemorySegment MUNMAP = NativeFunction.named("munmap");

  private MemoryBindings() {}

  /** New pages, readable and writable, of zeros. */
  static long map(long bytes) {
    long address = NativeFunction.call(MMAP, 0, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0);
    if (address == FAILED) {
      throw refused("mmap", bytes, Refusal.of(MMAP, 0, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1));
    }
    return address;
  }

  /** From here on the pages can run and be read, and no longer be written. */
  static void makeExecutable(long address, long bytes) {
    if ((int) NativeFunction.call(MPROTECT, address, bytes, READ | EXECUTE) != 0) {
      throw refused("mprotect", bytes, Refusal.of(MPROTECT, address, bytes, READ | EXECUTE, 0, 0));
    }
  }

  static void unmap(long address, long bytes) {
    if ((int) NativeFunction.call(MUNMAP, address, bytes, 0) != 0) {
      throw refused("munmap", bytes, Refusal.of(MUNMAP, address, bytes, 0, 0, 0));
    }
  }

  private static CodeMemoryException refused(String function, long bytes, int errno) {
    return new CodeMemoryException(
        function
            + " of "
            + bytes
            + " bytes for machine code was refused (errno "
            + errno
            + "); if this host forbids executable memory, choose the portable level");
  }

  /** Why the system refuses a call: it is asked once more, by a handle that keeps the reason. */
  private static final class Refusal {
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(NativeFunction.SHAPE, Linker.Option.captureCallState("errno"));

    private Refusal() {}

    static int of(MemorySegment function, long a, long b, long c, long d, long e) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(STATE);
        long ignored = (long) CALL.invokeExact(function, state, a, b, c, d, e, 0L);
        return (int) STATE.varHandle(MemoryLayout.PathElement.groupElement("errno")).get(state, 0L);
      } catch (RuntimeException | Error problem) {
        throw problem;
      } catch (Throwable problem) {
        throw new AssertionError("a downcall throws nothing checked", problem);
      }
    }
  }
}
