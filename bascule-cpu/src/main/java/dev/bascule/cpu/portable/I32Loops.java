package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;

/**
 * Loops over tiles of i32: one method per primitive, so that the JIT vectorises each on its own.
 */
final class I32Loops {
  private I32Loops() {}

  static void apply(Primitive op, int[] r, int[] a, int[] b, int n) {
    switch (op) {
      case ADD -> add(r, a, b, n);
      case SUB -> sub(r, a, b, n);
      case MUL -> mul(r, a, b, n);
      case DIV -> div(r, a, b, n);
      case REM -> rem(r, a, b, n);
      case UDIV -> udiv(r, a, b, n);
      case UREM -> urem(r, a, b, n);
      case MIN -> min(r, a, b, n);
      case MAX -> max(r, a, b, n);
      case AND -> and(r, a, b, n);
      case OR -> or(r, a, b, n);
      case XOR -> xor(r, a, b, n);
      case SHL -> shl(r, a, b, n);
      case SHR -> shr(r, a, b, n);
      case USHR -> ushr(r, a, b, n);
      case NEG -> neg(r, a, n);
      case ABS -> abs(r, a, n);
      case NOT -> not(r, a, n);
      default -> throw new IllegalArgumentException(op + " has no loop for i32");
    }
  }

  static void compare(Primitive op, byte[] r, int[] a, int[] b, int n) {
    switch (op) {
      case EQ -> eq(r, a, b, n);
      case NE -> ne(r, a, b, n);
      case LT -> lt(r, a, b, n);
      case LE -> le(r, a, b, n);
      case ULT -> ult(r, a, b, n);
      default -> throw new IllegalArgumentException(op + " does not compare i32");
    }
  }

  /** {@code acc = op(acc, x)}, element by element. */
  static void combine(Reduction reduction, int[] acc, int at, int[] x, int from, int n) {
    switch (reduction) {
      case SUM -> sum(acc, at, x, from, n);
      case PRODUCT -> product(acc, at, x, from, n);
      case MAX -> largest(acc, at, x, from, n);
      case MIN -> smallest(acc, at, x, from, n);
      case FMA -> throw new IllegalArgumentException("FMA takes two streams: use dots");
    }
  }

  /** {@code acc = a * b + acc} in ascending order over one row, wrapping. */
  static int dot(int initial, int[] a, int[] b, int from, int n) {
    int acc = initial;
    for (int i = from; i < from + n; i++) {
      acc += a[i] * b[i];
    }
    return acc;
  }

  /** One step of {@code n} independent accumulators. */
  static void dots(int[] acc, int[] a, int[] b, int from, int n) {
    for (int i = 0; i < n; i++) {
      acc[i] += a[from + i] * b[from + i];
    }
  }

  static void select(int[] r, byte[] condition, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      int mask = -condition[i];
      r[i] = (a[i] & mask) | (b[i] & ~mask);
    }
  }

  private static void add(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] + b[i];
    }
  }

  private static void sub(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] - b[i];
    }
  }

  private static void mul(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] * b[i];
    }
  }

  private static void div(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? 0 : a[i] / b[i];
    }
  }

  private static void rem(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? a[i] : a[i] % b[i];
    }
  }

  private static void udiv(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? 0 : Integer.divideUnsigned(a[i], b[i]);
    }
  }

  private static void urem(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? a[i] : Integer.remainderUnsigned(a[i], b[i]);
    }
  }

  private static void min(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.min(a[i], b[i]);
    }
  }

  private static void max(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.max(a[i], b[i]);
    }
  }

  private static void and(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] & b[i];
    }
  }

  private static void or(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] | b[i];
    }
  }

  private static void xor(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] ^ b[i];
    }
  }

  private static void shl(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] << b[i];
    }
  }

  private static void shr(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] >> b[i];
    }
  }

  private static void ushr(int[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] >>> b[i];
    }
  }

  private static void neg(int[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = -a[i];
    }
  }

  private static void abs(int[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.abs(a[i]);
    }
  }

  private static void not(int[] r, int[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = ~a[i];
    }
  }

  private static void eq(byte[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] == b[i] ? 1 : 0);
    }
  }

  private static void ne(byte[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] != b[i] ? 1 : 0);
    }
  }

  private static void lt(byte[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] < b[i] ? 1 : 0);
    }
  }

  private static void le(byte[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] <= b[i] ? 1 : 0);
    }
  }

  private static void ult(byte[] r, int[] a, int[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (Integer.compareUnsigned(a[i], b[i]) < 0 ? 1 : 0);
    }
  }

  private static void sum(int[] acc, int at, int[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      int p = acc[at + i];
      int q = x[from + i];
      acc[at + i] = p + q;
    }
  }

  private static void product(int[] acc, int at, int[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      int p = acc[at + i];
      int q = x[from + i];
      acc[at + i] = p * q;
    }
  }

  private static void largest(int[] acc, int at, int[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      int p = acc[at + i];
      int q = x[from + i];
      acc[at + i] = Math.max(p, q);
    }
  }

  private static void smallest(int[] acc, int at, int[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      int p = acc[at + i];
      int q = x[from + i];
      acc[at + i] = Math.min(p, q);
    }
  }
}
