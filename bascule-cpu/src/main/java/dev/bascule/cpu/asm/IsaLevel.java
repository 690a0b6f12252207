package dev.bascule.cpu.asm;

/** What code may be emitted; each level includes those before it. */
public enum IsaLevel {
  /** None: kernels run as Java loops. */
  PORTABLE,
  /** AVX2 with FMA, F16C, BMI1 and BMI2 (x86-64-v3). */
  AVX2,
  /** AVX-512 F, BW, DQ, VL and VNNI. */
  AVX512;

  public boolean includes(IsaLevel other) {
    return compareTo(other) >= 0;
  }
}
