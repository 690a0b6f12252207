package dev.bascule.cpu.cache;

/** How a cache holds its numbers. */
public enum CacheFormat {
  F32(4),
  F16(2),
  BF16(2),
  /** i8 beside an f16 scale for each 32. */
  Q8_0(1);

  /** Numbers that share a scale, where there are scales. */
  public static final int BLOCK = 32;

  private final int bytes;

  CacheFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Of one number. */
  public int bytes() {
    return bytes;
  }

  boolean isScaled() {
    return this == Q8_0;
  }
}
