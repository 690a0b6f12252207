package dev.bascule.cpu.asm;

/** Two-operand integer operations; the ordinal is the opcode extension of their encodings. */
public enum Alu {
  ADD,
  OR,
  ADC,
  SBB,
  AND,
  SUB,
  XOR,
  CMP
}
