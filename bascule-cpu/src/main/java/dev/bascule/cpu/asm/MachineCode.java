package dev.bascule.cpu.asm;

import java.lang.foreign.MemorySegment;

/** Calls emitted code. All code has one signature, {@code void (arguments, low, high)}. */
public final class MachineCode {
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
    long ignored = NativeFunction.call(code, arguments, low, high);
  }
}
