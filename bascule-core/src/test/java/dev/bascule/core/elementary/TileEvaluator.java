package dev.bascule.core.elementary;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a Map kernel's body one instruction at a time over tiles, in loops that the JIT vectorises:
 * fast enough to try every f32 value. It knows the primitives that elementary functions use.
 */
final class TileEvaluator {
  static final int TILE = 2048;

  private final List<Instruction> body;
  private final Object[] values;

  /** A kernel whose parameters are inputs of one float type, then one output of it. */
  TileEvaluator(Kernel kernel) {
    this.body = kernel.body();
    this.values = new Object[body.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tile(body.get(i).type());
      if (body.get(i) instanceof Instruction.Constant constant) {
        fill(values[i], constant.bits());
      }
    }
  }

  private static Object tile(ScalarType type) {
    return switch (type) {
      case F32 -> new float[TILE];
      case F64 -> new double[TILE];
      case I32 -> new int[TILE];
      case I64 -> new long[TILE];
      case BOOL -> new boolean[TILE];
    };
  }

  private static void fill(Object tile, long bits) {
    switch (tile) {
      case float[] t -> Arrays.fill(t, Scalars.f32(bits));
      case double[] t -> Arrays.fill(t, Scalars.f64(bits));
      case int[] t -> Arrays.fill(t, (int) bits);
      case long[] t -> Arrays.fill(t, bits);
      case boolean[] t -> Arrays.fill(t, bits != 0);
      default -> throw new IllegalStateException("no tile: " + tile);
    }
  }

  /** The kernel's output for tiles of its inputs (float[] or double[]); overwritten by the next. */
  Object run(Object... inputs) {
    for (int i = 0; i < values.length; i++) {
      switch (body.get(i)) {
        case Instruction.Load load -> values[i] = inputs[load.access().parameter()];
        case Instruction.Constant constant -> {}
        case Instruction.Compute compute -> compute(compute, values[i]);
        case Instruction.Store store -> {
          return values[store.value()];
        }
        default -> throw new IllegalStateException("not of a Map kernel: " + body.get(i));
      }
    }
    throw new IllegalStateException("the kernel stores nothing");
  }

  private void compute(Instruction.Compute compute, Object out) {
    List<Integer> operands = compute.operands();
    Object a = values[operands.get(0)];
    Object b = values[operands.get(Math.min(1, operands.size() - 1))];
    Object c = values[operands.get(operands.size() - 1)];
    if (compute.op() == Primitive.SELECT) {
      select((boolean[]) a, b, c, out);
      return;
    }
    if (compute.op().isConversion()) {
      convert(compute.op(), a, out);
      return;
    }
    switch (a) {
      case float[] x -> floats(compute.op(), x, (float[]) b, (float[]) c, out);
      case double[] x -> doubles(compute.op(), x, (double[]) b, (double[]) c, out);
      case int[] x -> ints(compute.op(), x, (int[]) b, out);
      case long[] x -> longs(compute.op(), x, (long[]) b, out);
      case boolean[] x -> booleans(compute.op(), x, (boolean[]) b, (boolean[]) out);
      default -> throw unknown(compute.op());
    }
  }

  private static IllegalStateException unknown(Primitive op) {
    return new IllegalStateException(op + " is not one that elementary functions use");
  }

  private static void select(boolean[] condition, Object a, Object b, Object out) {
    switch (out) {
      case float[] y -> {
        float[] p = (float[]) a;
        float[] q = (float[]) b;
        for (int i = 0; i < TILE; i++) y[i] = condition[i] ? p[i] : q[i];
      }
      case double[] y -> {
        double[] p = (double[]) a;
        double[] q = (double[]) b;
        for (int i = 0; i < TILE; i++) y[i] = condition[i] ? p[i] : q[i];
      }
      case int[] y -> {
        int[] p = (int[]) a;
        int[] q = (int[]) b;
        for (int i = 0; i < TILE; i++) y[i] = condition[i] ? p[i] : q[i];
      }
      case long[] y -> {
        long[] p = (long[]) a;
        long[] q = (long[]) b;
        for (int i = 0; i < TILE; i++) y[i] = condition[i] ? p[i] : q[i];
      }
      default -> throw unknown(Primitive.SELECT);
    }
  }

  private static void convert(Primitive op, Object a, Object out) {
    switch (op) {
      case F32_BITS -> {
        float[] x = (float[]) a;
        int[] y = (int[]) out;
        for (int i = 0; i < TILE; i++) y[i] = Float.floatToRawIntBits(x[i]);
      }
      case BITS_F32 -> {
        int[] x = (int[]) a;
        float[] y = (float[]) out;
        for (int i = 0; i < TILE; i++) y[i] = Float.intBitsToFloat(x[i]);
      }
      case F64_BITS -> {
        double[] x = (double[]) a;
        long[] y = (long[]) out;
        for (int i = 0; i < TILE; i++) y[i] = Double.doubleToRawLongBits(x[i]);
      }
      case BITS_F64 -> {
        long[] x = (long[]) a;
        double[] y = (double[]) out;
        for (int i = 0; i < TILE; i++) y[i] = Double.longBitsToDouble(x[i]);
      }
      case I32_TO_F32 -> {
        int[] x = (int[]) a;
        float[] y = (float[]) out;
        for (int i = 0; i < TILE; i++) y[i] = x[i];
      }
      case U32_TO_I64 -> {
        int[] x = (int[]) a;
        long[] y = (long[]) out;
        for (int i = 0; i < TILE; i++) y[i] = x[i] & 0xffff_ffffL;
      }
      case I64_TO_I32 -> {
        long[] x = (long[]) a;
        int[] y = (int[]) out;
        for (int i = 0; i < TILE; i++) y[i] = (int) x[i];
      }
      default -> throw unknown(op);
    }
  }

  private static void floats(Primitive op, float[] a, float[] b, float[] c, Object out) {
    if (out instanceof boolean[] y) {
      switch (op) {
        case EQ -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] == b[i];
        }
        case LT -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] < b[i];
        }
        case LE -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] <= b[i];
        }
        default -> throw unknown(op);
      }
      return;
    }
    float[] y = (float[]) out;
    switch (op) {
      case ADD -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] + b[i];
      }
      case SUB -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] - b[i];
      }
      case MUL -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] * b[i];
      }
      case DIV -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] / b[i];
      }
      case FMA -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.fma(a[i], b[i], c[i]);
      }
      case SQRT -> {
        for (int i = 0; i < TILE; i++) y[i] = (float) Math.sqrt(a[i]);
      }
      case NEG -> {
        for (int i = 0; i < TILE; i++) y[i] = -a[i];
      }
      case ABS -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.abs(a[i]);
      }
      case ROUND_EVEN -> {
        for (int i = 0; i < TILE; i++) y[i] = (float) Math.rint(a[i]);
      }
      default -> throw unknown(op);
    }
  }

  private static void doubles(Primitive op, double[] a, double[] b, double[] c, Object out) {
    if (out instanceof boolean[] y) {
      switch (op) {
        case EQ -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] == b[i];
        }
        case LT -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] < b[i];
        }
        case LE -> {
          for (int i = 0; i < TILE; i++) y[i] = a[i] <= b[i];
        }
        default -> throw unknown(op);
      }
      return;
    }
    double[] y = (double[]) out;
    switch (op) {
      case ADD -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] + b[i];
      }
      case SUB -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] - b[i];
      }
      case MUL -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] * b[i];
      }
      case DIV -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] / b[i];
      }
      case FMA -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.fma(a[i], b[i], c[i]);
      }
      case SQRT -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.sqrt(a[i]);
      }
      case NEG -> {
        for (int i = 0; i < TILE; i++) y[i] = -a[i];
      }
      case ABS -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.abs(a[i]);
      }
      case ROUND_EVEN -> {
        for (int i = 0; i < TILE; i++) y[i] = Math.rint(a[i]);
      }
      default -> throw unknown(op);
    }
  }

  private static void ints(Primitive op, int[] a, int[] b, Object out) {
    if (out instanceof boolean[] y) {
      if (op != Primitive.EQ) {
        throw unknown(op);
      }
      for (int i = 0; i < TILE; i++) y[i] = a[i] == b[i];
      return;
    }
    int[] y = (int[]) out;
    switch (op) {
      case ADD -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] + b[i];
      }
      case SUB -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] - b[i];
      }
      case AND -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] & b[i];
      }
      case OR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] | b[i];
      }
      case XOR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] ^ b[i];
      }
      case SHL -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] << b[i];
      }
      case USHR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] >>> b[i];
      }
      default -> throw unknown(op);
    }
  }

  private static void longs(Primitive op, long[] a, long[] b, Object out) {
    if (out instanceof boolean[] y) {
      if (op != Primitive.EQ) {
        throw unknown(op);
      }
      for (int i = 0; i < TILE; i++) y[i] = a[i] == b[i];
      return;
    }
    long[] y = (long[]) out;
    switch (op) {
      case ADD -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] + b[i];
      }
      case SUB -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] - b[i];
      }
      case MUL -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] * b[i];
      }
      case AND -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] & b[i];
      }
      case OR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] | b[i];
      }
      case XOR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] ^ b[i];
      }
      case SHL -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] << b[i];
      }
      case SHR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] >> b[i];
      }
      case USHR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] >>> b[i];
      }
      default -> throw unknown(op);
    }
  }

  private static void booleans(Primitive op, boolean[] a, boolean[] b, boolean[] y) {
    switch (op) {
      case AND -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] && b[i];
      }
      case OR -> {
        for (int i = 0; i < TILE; i++) y[i] = a[i] || b[i];
      }
      case NOT -> {
        for (int i = 0; i < TILE; i++) y[i] = !a[i];
      }
      default -> throw unknown(op);
    }
  }
}
