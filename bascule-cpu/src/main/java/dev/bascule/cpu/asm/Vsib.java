package dev.bascule.cpu.asm;

/**
 * The addresses of a gather or scatter: lane i is at {@code base + index[i] * scale +
 * displacement}.
 */
public record Vsib(Gpr base, Vec index, int scale, int displacement) implements Address {
  public Vsib {
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("scale " + scale + ": expected 1, 2, 4 or 8");
    }
  }
}
