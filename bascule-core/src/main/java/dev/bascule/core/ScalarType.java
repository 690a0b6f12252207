package dev.bascule.core;

/**
 * The types kernels compute in: what a register holds. Every {@link DType} is loaded into one of
 * these.
 */
public enum ScalarType {
  F32(4),
  F64(8),
  I32(4),
  I64(8),
  /** A truth value; stored as a byte that is 0 or 1. */
  BOOL(1);

  private final int bytes;

  ScalarType(int bytes) {
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }

  public boolean isFloat() {
    return this == F32 || this == F64;
  }

  public boolean isInteger() {
    return this == I32 || this == I64;
  }

  /** 64-bit types take twice the registers of 32-bit ones. */
  public boolean isWide() {
    return bytes == 8;
  }
}
