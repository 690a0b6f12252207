package dev.bascule.cpu.asm;

/** Shifts and rotations of a general purpose register. */
public enum Shift {
  ROL(0),
  ROR(1),
  SHL(4),
  SHR(5),
  SAR(7);

  final int digit;

  Shift(int digit) {
    this.digit = digit;
  }
}
