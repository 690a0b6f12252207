package dev.bascule.cpu.asm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls of the C library's functions and of emitted code, all in one shape: six whole numbers or
 * addresses and a whole number back. Where a function takes fewer, or narrower ones, the calling
 * conventions of 64-bit systems let it ignore the rest. One shape, because the JVM writes code for
 * each, which takes it 10 to 20 ms of a start.
 */
public final class NativeFunction {
  static final FunctionDescriptor SHAPE =
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private static final MethodHandle CALL = Linker.nativeLinker().downcallHandle(SHAPE);

  private NativeFunction() {}

  /** The address of a function of the C library. */
  public static MemorySegment named(String name) {
    return Linker.nativeLinker().defaultLookup().findOrThrow(name);
  }

  /** What {@code function} returns; of a narrower type only the low bits mean something. */
  public static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(function, a, b, c, d, e, f);
    } catch (RuntimeException | Error problem) {
      throw problem;
    } catch (Throwable problem) {
      throw new AssertionError("a downcall throws nothing checked", problem);
    }
  }

  /** For functions of three arguments or fewer. */
  public static long call(MemorySegment function, long a, long b, long c) {
    return call(function, a, b, c, 0, 0, 0);
  }
}
