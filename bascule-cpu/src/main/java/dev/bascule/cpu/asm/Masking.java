package dev.bascule.cpu.asm;

/**
 * Which lanes an AVX-512 instruction writes, and what the others become.
 *
 * @param mask the lanes written; {@code K0} stands for all of them
 * @param zeroing true: the others become zero; false: they keep their value
 */
public record Masking(Mask mask, boolean zeroing) {
  /** Every lane is written. */
  public static final Masking NONE = new Masking(Mask.K0, false);

  public Masking {
    if (mask == Mask.K0 && zeroing) {
      throw new IllegalArgumentException("k0 stands for no masking: zeroing needs k1 to k7");
    }
  }

  public static Masking merge(Mask mask) {
    return new Masking(mask, false);
  }

  public static Masking zero(Mask mask) {
    return new Masking(mask, true);
  }
}
