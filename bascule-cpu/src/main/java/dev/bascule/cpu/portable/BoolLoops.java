package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;

/** Loops over tiles of truth values, held as bytes that are 0 or 1. */
final class BoolLoops {
  private BoolLoops() {}

  static void apply(Primitive op, byte[] r, byte[] a, byte[] b, int n) {
    switch (op) {
      case AND -> and(r, a, b, n);
      case OR -> or(r, a, b, n);
      case XOR, NE -> xor(r, a, b, n);
      case EQ -> eq(r, a, b, n);
      case LT -> lt(r, a, b, n);
      case LE -> le(r, a, b, n);
      case NOT -> not(r, a, n);
      default -> throw new IllegalArgumentException(op + " has no loop for bool");
    }
  }

  /** {@code acc = op(acc, x)}, element by element: MAX is "any", MIN is "all". */
  static void combine(Reduction reduction, byte[] acc, int at, byte[] x, int from, int n) {
    switch (reduction) {
      case MAX -> any(acc, at, x, from, n);
      case MIN -> all(acc, at, x, from, n);
      case SUM, PRODUCT, FMA -> throw new IllegalArgumentException(reduction + " of bool");
    }
  }

  static void select(byte[] r, byte[] condition, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) ((a[i] & condition[i]) | (b[i] & ~condition[i]));
    }
  }

  private static void and(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] & b[i]);
    }
  }

  private static void or(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] | b[i]);
    }
  }

  private static void xor(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] ^ b[i]);
    }
  }

  private static void eq(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (1 ^ a[i] ^ b[i]);
    }
  }

  private static void lt(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) ((1 ^ a[i]) & b[i]);
    }
  }

  private static void le(byte[] r, byte[] a, byte[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) ((1 ^ a[i]) | b[i]);
    }
  }

  private static void not(byte[] r, byte[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (1 ^ a[i]);
    }
  }

  private static void any(byte[] acc, int at, byte[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      byte p = acc[at + i];
      byte q = x[from + i];
      acc[at + i] = (byte) (p | q);
    }
  }

  private static void all(byte[] acc, int at, byte[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      byte p = acc[at + i];
      byte q = x[from + i];
      acc[at + i] = (byte) (p & q);
    }
  }
}
