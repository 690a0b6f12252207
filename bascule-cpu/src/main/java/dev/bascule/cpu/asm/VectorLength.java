package dev.bascule.cpu.asm;

/**
 * How much of a vector register an instruction works on; the ordinal is the L'L field of its
 * encoding.
 */
public enum VectorLength {
  V128,
  V256,
  V512;

  public int bytes() {
    return 16 << ordinal();
  }

  /** Lanes of elements of so many bytes. */
  public int lanes(int elementBytes) {
    return bytes() / elementBytes;
  }
}
