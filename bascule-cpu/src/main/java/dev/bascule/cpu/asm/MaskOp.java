package dev.bascule.cpu.asm;

/** Operations on opmask registers; the opcode is that of the manual. */
public enum MaskOp {
  KAND(0x41, true),
  KANDN(0x42, true),
  KNOT(0x44, false),
  KOR(0x45, true),
  KXNOR(0x46, true),
  KXOR(0x47, true),
  KADD(0x4A, true),
  /** Sets ZF when the union is empty, CF when it is full. */
  KORTEST(0x98, false),
  /** Sets ZF when the intersection is empty. */
  KTEST(0x99, false);

  final int opcode;
  final boolean threeOperands;

  MaskOp(int opcode, boolean threeOperands) {
    this.opcode = opcode;
    this.threeOperands = threeOperands;
  }
}
