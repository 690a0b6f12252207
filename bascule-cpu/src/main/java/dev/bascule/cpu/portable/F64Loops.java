package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;

/**
 * Loops over tiles of f64: one method per primitive, so that the JIT vectorises each on its own.
 */
final class F64Loops {
  private F64Loops() {}

  static void apply(Primitive op, double[] r, double[] a, double[] b, double[] c, int n) {
    switch (op) {
      case ADD -> add(r, a, b, n);
      case SUB -> sub(r, a, b, n);
      case MUL -> mul(r, a, b, n);
      case DIV -> div(r, a, b, n);
      case MIN -> min(r, a, b, n);
      case MAX -> max(r, a, b, n);
      case SQRT -> sqrt(r, a, n);
      case NEG -> neg(r, a, n);
      case ABS -> abs(r, a, n);
      case FLOOR -> floor(r, a, n);
      case CEIL -> ceil(r, a, n);
      case TRUNC -> trunc(r, a, n);
      case ROUND_EVEN -> roundEven(r, a, n);
      case FMA -> fma(r, a, b, c, n);
      default -> throw new IllegalArgumentException(op + " has no loop for f64");
    }
  }

  static void compare(Primitive op, byte[] r, double[] a, double[] b, int n) {
    switch (op) {
      case EQ -> eq(r, a, b, n);
      case NE -> ne(r, a, b, n);
      case LT -> lt(r, a, b, n);
      case LE -> le(r, a, b, n);
      default -> throw new IllegalArgumentException(op + " does not compare f64");
    }
  }

  /** {@code acc = op(acc, x)}, element by element. */
  static void combine(Reduction reduction, double[] acc, int at, double[] x, int from, int n) {
    switch (reduction) {
      case SUM -> sum(acc, at, x, from, n);
      case PRODUCT -> product(acc, at, x, from, n);
      case MAX -> largest(acc, at, x, from, n);
      case MIN -> smallest(acc, at, x, from, n);
      case FMA -> throw new IllegalArgumentException("FMA takes two streams: use dots");
    }
  }

  /** {@code acc = fma(a, b, acc)} in ascending order over one row. */
  static double dot(double initial, double[] a, double[] b, int from, int n) {
    double acc = initial;
    for (int i = from; i < from + n; i++) {
      acc = Math.fma(a[i], b[i], acc);
    }
    return acc;
  }

  /** One step of {@code n} independent accumulators. */
  static void dots(double[] acc, double[] a, double[] b, int from, int n) {
    for (int i = 0; i < n; i++) {
      acc[i] = Math.fma(a[from + i], b[from + i], acc[i]);
    }
  }

  static void select(double[] r, byte[] condition, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      long mask = -condition[i];
      long bits =
          (Double.doubleToRawLongBits(a[i]) & mask) | (Double.doubleToRawLongBits(b[i]) & ~mask);
      r[i] = Double.longBitsToDouble(bits);
    }
  }

  private static void fma(double[] r, double[] a, double[] b, double[] c, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.fma(a[i], b[i], c[i]);
    }
  }

  private static void add(double[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] + b[i];
    }
  }

  private static void sub(double[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] - b[i];
    }
  }

  private static void mul(double[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] * b[i];
    }
  }

  private static void div(double[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] / b[i];
    }
  }

  /** Branches only where it could matter: elsewhere the JIT has instructions for Java's min. */
  private static void min(double[] r, double[] a, double[] b, int n) {
    if (leastSize(a, b, n) > 0) {
      for (int i = 0; i < n; i++) {
        r[i] = Math.min(a[i], b[i]);
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      r[i] = a[i] < b[i] || Double.isNaN(a[i]) ? a[i] : b[i];
    }
  }

  /** Branches only where it could matter: elsewhere the JIT has instructions for Java's max. */
  private static void max(double[] r, double[] a, double[] b, int n) {
    if (leastSize(a, b, n) > 0) {
      for (int i = 0; i < n; i++) {
        r[i] = Math.max(a[i], b[i]);
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      r[i] = a[i] > b[i] || Double.isNaN(a[i]) ? a[i] : b[i];
    }
  }

  private static void sqrt(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.sqrt(a[i]);
    }
  }

  private static void neg(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = -a[i];
    }
  }

  private static void abs(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.abs(a[i]);
    }
  }

  private static void floor(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.floor(a[i]);
    }
  }

  private static void ceil(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.ceil(a[i]);
    }
  }

  private static void trunc(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.copySign(Math.floor(Math.abs(a[i])), a[i]);
    }
  }

  private static void roundEven(double[] r, double[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.rint(a[i]);
    }
  }

  private static void eq(byte[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] == b[i] ? 1 : 0);
    }
  }

  private static void ne(byte[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] != b[i] ? 1 : 0);
    }
  }

  private static void lt(byte[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] < b[i] ? 1 : 0);
    }
  }

  private static void le(byte[] r, double[] a, double[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] <= b[i] ? 1 : 0);
    }
  }

  private static void sum(double[] acc, int at, double[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      double p = acc[at + i];
      double q = x[from + i];
      acc[at + i] = p + q;
    }
  }

  private static void product(double[] acc, int at, double[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      double p = acc[at + i];
      double q = x[from + i];
      acc[at + i] = p * q;
    }
  }

  private static void largest(double[] acc, int at, double[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      double p = acc[at + i];
      double q = x[from + i];
      acc[at + i] = p > q || Double.isNaN(p) ? p : q;
    }
  }

  private static void smallest(double[] acc, int at, double[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      double p = acc[at + i];
      double q = x[from + i];
      acc[at + i] = p < q || Double.isNaN(p) ? p : q;
    }
  }

  /** 0 where a pair is two zeros, whose signs Java's min and max order; NaN where there is one. */
  private static double leastSize(double[] a, double[] b, int n) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      least = Math.min(least, Math.abs(a[i]) + Math.abs(b[i]));
    }
    return least;
  }
}
