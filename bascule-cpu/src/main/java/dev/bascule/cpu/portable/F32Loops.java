package dev.bascule.cpu.portable;

import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;

/**
 * Loops over tiles of f32: one method per primitive, so that the JIT vectorises each on its own.
 */
final class F32Loops {
  private F32Loops() {}

  static void apply(Primitive op, float[] r, float[] a, float[] b, float[] c, int n) {
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
      default -> throw new IllegalArgumentException(op + " has no loop for f32");
    }
  }

  static void compare(Primitive op, byte[] r, float[] a, float[] b, int n) {
    switch (op) {
      case EQ -> eq(r, a, b, n);
      case NE -> ne(r, a, b, n);
      case LT -> lt(r, a, b, n);
      case LE -> le(r, a, b, n);
      default -> throw new IllegalArgumentException(op + " does not compare f32");
    }
  }

  /** {@code acc = op(acc, x)}, element by element. */
  static void combine(Reduction reduction, float[] acc, int at, float[] x, int from, int n) {
    switch (reduction) {
      case SUM -> sum(acc, at, x, from, n);
      case PRODUCT -> product(acc, at, x, from, n);
      case MAX -> largest(acc, at, x, from, n);
      case MIN -> smallest(acc, at, x, from, n);
      case FMA -> throw new IllegalArgumentException("FMA takes two streams: use dots");
    }
  }

  /** {@code acc = fma(a, b, acc)} in ascending order over one row. */
  static float dot(float initial, float[] a, float[] b, int from, int n) {
    float acc = initial;
    for (int i = from; i < from + n; i++) {
      acc = Math.fma(a[i], b[i], acc);
    }
    return acc;
  }

  /** One step of {@code n} independent accumulators. */
  static void dots(float[] acc, float[] a, float[] b, int from, int n) {
    for (int i = 0; i < n; i++) {
      acc[i] = Math.fma(a[from + i], b[from + i], acc[i]);
    }
  }

  static void select(float[] r, byte[] condition, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      int mask = -condition[i];
      int bits = (Float.floatToRawIntBits(a[i]) & mask) | (Float.floatToRawIntBits(b[i]) & ~mask);
      r[i] = Float.intBitsToFloat(bits);
    }
  }

  private static void fma(float[] r, float[] a, float[] b, float[] c, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.fma(a[i], b[i], c[i]);
    }
  }

  private static void add(float[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] + b[i];
    }
  }

  private static void sub(float[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] - b[i];
    }
  }

  private static void mul(float[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] * b[i];
    }
  }

  private static void div(float[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = a[i] / b[i];
    }
  }

  /** Branches only where it could matter: elsewhere the JIT has instructions for Java's min. */
  private static void min(float[] r, float[] a, float[] b, int n) {
    if (leastSize(a, b, n) > 0) {
      for (int i = 0; i < n; i++) {
        r[i] = Math.min(a[i], b[i]);
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      r[i] = a[i] < b[i] || Float.isNaN(a[i]) ? a[i] : b[i];
    }
  }

  /** Branches only where it could matter: elsewhere the JIT has instructions for Java's max. */
  private static void max(float[] r, float[] a, float[] b, int n) {
    if (leastSize(a, b, n) > 0) {
      for (int i = 0; i < n; i++) {
        r[i] = Math.max(a[i], b[i]);
      }
      return;
    }
    for (int i = 0; i < n; i++) {
      r[i] = a[i] > b[i] || Float.isNaN(a[i]) ? a[i] : b[i];
    }
  }

  private static void sqrt(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) Math.sqrt(a[i]);
    }
  }

  private static void neg(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = -a[i];
    }
  }

  private static void abs(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.abs(a[i]);
    }
  }

  private static void floor(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) Math.floor(a[i]);
    }
  }

  private static void ceil(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) Math.ceil(a[i]);
    }
  }

  private static void trunc(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = Math.copySign((float) Math.floor(Math.abs(a[i])), a[i]);
    }
  }

  private static void roundEven(float[] r, float[] a, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (float) Math.rint(a[i]);
    }
  }

  private static void eq(byte[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] == b[i] ? 1 : 0);
    }
  }

  private static void ne(byte[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] != b[i] ? 1 : 0);
    }
  }

  private static void lt(byte[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] < b[i] ? 1 : 0);
    }
  }

  private static void le(byte[] r, float[] a, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      r[i] = (byte) (a[i] <= b[i] ? 1 : 0);
    }
  }

  private static void sum(float[] acc, int at, float[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      float p = acc[at + i];
      float q = x[from + i];
      acc[at + i] = p + q;
    }
  }

  private static void product(float[] acc, int at, float[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      float p = acc[at + i];
      float q = x[from + i];
      acc[at + i] = p * q;
    }
  }

  private static void largest(float[] acc, int at, float[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      float p = acc[at + i];
      float q = x[from + i];
      acc[at + i] = p > q || Float.isNaN(p) ? p : q;
    }
  }

  private static void smallest(float[] acc, int at, float[] x, int from, int n) {
    for (int i = 0; i < n; i++) {
      float p = acc[at + i];
      float q = x[from + i];
      acc[at + i] = p < q || Float.isNaN(p) ? p : q;
    }
  }

  /** 0 where a pair is two zeros, whose signs Java's min and max order; NaN where there is one. */
  private static float leastSize(float[] a, float[] b, int n) {
    float least = Float.POSITIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      least = Math.min(least, Math.abs(a[i]) + Math.abs(b[i]));
    }
    return least;
  }
}
