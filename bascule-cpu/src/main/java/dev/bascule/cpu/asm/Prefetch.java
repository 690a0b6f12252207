package dev.bascule.cpu.asm;

/** Where a prefetched line goes; the ordinal is the opcode extension. */
public enum Prefetch {
  /** Near, without displacing what is reused. */
  NON_TEMPORAL,
  L1,
  L2,
  L3
}
