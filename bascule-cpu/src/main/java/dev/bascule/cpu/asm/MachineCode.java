package dev.bascule.cpu.asm;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls emitted code. All code has one signature, {@code void (arguments, low, high)}, so one
 * handle serves it.
 */
public final class MachineCode {
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

  private MachineCode() {}

  /**
   * Runs code that {@link ExecutableMemory} gave out. The code sees {@code arguments} in rdi,
   * {@code low} in rsi and {@code high} in rdx.
   *
   * @param code entry point
   * @param arguments address of an argument block; the caller keeps it, and all it points to, alive
   * @param low first index of the part of the work to do
   * @param high index after the last
   */
  public static void run(MemorySegment code, long arguments, long low, long high) {
    try {
      CALL.invokeExact(code, arguments, low, high);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }
}
