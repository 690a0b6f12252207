package dev.bascule.cpu.asm;

/** A general purpose register; its ordinal is its number in an encoding. */
public enum Gpr implements Operand {
  RAX,
  RCX,
  RDX,
  RBX,
  RSP,
  RBP,
  RSI,
  RDI,
  R8,
  R9,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15;

  /** Whether a function must give this register back as it found it (System V). */
  public boolean calleeSaved() {
    return switch (this) {
      case RBX, RBP, R12, R13, R14, R15 -> true;
      case RAX, RCX, RDX, RSP, RSI, RDI, R8, R9, R10, R11 -> false;
    };
  }
}
