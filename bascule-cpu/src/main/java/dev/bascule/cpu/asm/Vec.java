package dev.bascule.cpu.asm;

/**
 * A vector register: xmm, ymm or zmm {@code number}, by the length of the instruction that names
 * it.
 *
 * @param number 0 to 31; 16 to 31 need AVX-512
 */
public record Vec(int number) implements Operand {
  public Vec {
    if (number < 0 || number > 31) {
      throw new IllegalArgumentException("vector register " + number + ": expected 0 to 31");
    }
  }

  public static Vec v(int number) {
    return new Vec(number);
  }
}
