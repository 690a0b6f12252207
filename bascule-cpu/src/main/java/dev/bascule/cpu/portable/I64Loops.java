package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;

/**
 * Loops over tiles of i64: one method per primitive, so that the JIT vectorises each on its own.
 */
final class I64Loops {
  private I64Loops() {}

  static void apply(Primitive op, long[] r, long[] a, long[] b, int n) {
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
      default -> throw new IllegalArgumentException(op + " has no loop for i64");
    }
  }

  static void compare(Primitive op, byte[] r, long[] a, long[] b, int n) {
    switch (op) {
      case EQ -> eq(r, a, b, n);
      case NE -> ne(r, a, b, n);
      case LT -> lt(r, a, b, n);
      case LE -> le(r, a, b, n);
      case ULT -> ult(r, a, b, n);
      default -> throw new IllegalArgumentException(op + " does not compare i64");
    }
  }

  /** {@code acc = op(acc, x)}, element by element. */
  static void combine(Reduction reduction, long[] acc, int at, long[] x, int from, int n) {
    switch (reduction) {
      case SUM -> sum(acc, at, x, from, n);
      case PRODUCT -> product(acc, at, x, from, n);
      case MAX -> largest(acc, at, x, from, n);
      case MIN -> smallest(acc, at, x, from, n);
      case FMA -> throw new IllegalArgumentException("FMA takes two streams: use dots");
    }
  }

  /** {@code acc = a * b + acc} in ascending order over one row, wrapping. */
  static long dot(long initial, long[] a, long[] b, int from, int n) {
    long acc = initial;
    for (int i = from; i < from + n; i++) {
      acc += a[i] * b[i];
    }
    return acc;
  }

  /** One step of {@code n} independent accumulators. */
  static void dots(long[] acc, long[] a, long[] b, int from, int n) {
    for (int i = 0; i < n; i++) {
      acc[i] += a[from + i] * b[from + i];
    }
  }

  static void select(long[] r, byte[] condition, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      long mask = -condition[i];
      r[i] = (a[i] & mask) | (b[i] & ~mask);
    }
  }

  private static void add(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] + b[i];
    }
  }

  private static void sub(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] - b[i];
    }
  }

  private static void mul(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] * b[i];
    }
  }

  private static void div(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? 0 : a[i] / b[i];
    }
  }

  private static void rem(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? a[i] : a[i] % b[i];
    }
  }

  private static void udiv(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? 0 : Long.divideUnsigned(a[i], b[i]);
    }
  }

  private static void urem(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = b[i] == 0 ? a[i] : Long.remainderUnsigned(a[i], b[i]);
    }
  }

  private static void min(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.min(a[i], b[i]);
    }
  }

  private static void max(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.max(a[i], b[i]);
    }
  }

  private static void and(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] & b[i];
    }
  }

  private static void or(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] | b[i];
    }
  }

  private static void xor(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] ^ b[i];
    }
  }

  private static void shl(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] << b[i];
    }
  }

  private static void shr(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] >> b[i];
    }
  }

  private static void ushr(long[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] >>> b[i];
    }
  }

  private static void neg(long[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = -a[i];
    }
  }

  private static void abs(long[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.abs(a[i]);
    }
  }

  private static void not(long[] r, long[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = ~a[i];
    }
  }

  private static void eq(byte[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] == b[i] ? 1 : 0);
    }
  }

  private static void ne(byte[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] != b[i] ? 1 : 0);
    }
  }

  private static void lt(byte[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] < b[i] ? 1 : 0);
    }
  }

  private static void le(byte[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] <= b[i] ? 1 : 0);
    }
  }

  private static void ult(byte[] r, long[] a, long[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (Long.compareUnsigned(a[i], b[i]) < 0 ? 1 : 0);
    }
  }

  private static void sum(long[] acc, int at, long[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      long p = acc[at + i];
      long q = x[from + i];
      acc[at + i] = p + q;
    }
  }

  private static void product(long[] acc, int at, long[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      long p = acc[at + i];
      long q = x[from + i];
      acc[at + i] = p * q;
    }
  }

  private static void largest(long[] acc, int at, long[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      long p = acc[at + i];
      long q = x[from + i];
      acc[at + i] = Math.max(p, q);
    }
  }

  private static void smallest(long[] acc, int at, long[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      long p = acc[at + i];
      long q = x[from + i];
      acc[at + i] = Math.min(p, q);
    }
  }
}
