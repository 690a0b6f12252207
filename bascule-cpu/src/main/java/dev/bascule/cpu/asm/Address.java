package dev.bascule.cpu.asm;

/** A place in memory. */
public sealed interface Address extends Operand permits Mem, Vsib, Constant {

  /** Whether one element is read and given to every lane (EVEX embedded broadcast). */
  default boolean isBroadcast() {
    return false;
  }
}
