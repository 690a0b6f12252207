package dev.bascule.cpu.asm;

/** An opmask register of AVX-512; its ordinal is its number. {@code K0} cannot predicate. */
public enum Mask implements Operand {
  K0,
  K1,
  K2,
  K3,
  K4,
  K5,
  K6,
  K7
}
