package dev.bascule.cpu.emit;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.elementary.Elementary;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import java.util.List;

/** The kernels that models are made of, in f32, over [rows, columns]. */
public final class KernelShelf {
  private KernelShelf() {}

  private static Access rows(int parameter, Dim columns) {
    return new Access(parameter, Dim.ZERO, List.of(columns, Dim.ONE));
  }

  private static Access weights(int parameter) {
    return new Access(parameter, Dim.ZERO, List.of(Dim.ZERO, Dim.ONE));
  }

  /** y = exp(x - max) / sum */
  public static Kernel softmax(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("softmax", List.of(rows, columns), 1);
    int x = b.input("x", DType.F32);
    int y = b.output("y", DType.F32);
    Term value = b.load(rows(x, columns));
    Term e = Elementary.exp(b, b.sub(value, b.reduce(Reduction.MAX, value)));
    b.store(rows(y, columns), b.div(e, b.reduce(Reduction.SUM, e)));
    return b.build();
  }

  private static Term count(KernelBuilder b, Dim columns) {
    return b.apply(Primitive.I64_TO_F32, b.extent(columns));
  }

  private static Term inverseRoot(KernelBuilder b, Term sum, Dim columns) {
    Term mean = b.div(sum, count(b, columns));
    return b.div(b.constant(1f), b.apply(Primitive.SQRT, b.add(mean, b.constant(1e-5f))));
  }

  /** y = x / sqrt(mean(x^2) + eps) * w */
  public static Kernel rmsNorm(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("rmsNorm", List.of(rows, columns), 1);
    int x = b.input("x", DType.F32);
    int w = b.input("w", DType.F32);
    int y = b.output("y", DType.F32);
    Term value = b.load(rows(x, columns));
    Term scale = inverseRoot(b, b.reduce(Reduction.SUM, b.mul(value, value)), columns);
    b.store(rows(y, columns), b.mul(b.mul(value, scale), b.load(weights(w))));
    return b.build();
  }

  /** y = (x - mean) / sqrt(variance + eps) * w + c */
  public static Kernel layerNorm(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("layerNorm", List.of(rows, columns), 1);
    int x = b.input("x", DType.F32);
    int w = b.input("w", DType.F32);
    int c = b.input("c", DType.F32);
    int y = b.output("y", DType.F32);
    Term value = b.load(rows(x, columns));
    Term mean = b.div(b.reduce(Reduction.SUM, value), count(b, columns));
    Term centred = b.sub(value, mean);
    Term scale = inverseRoot(b, b.reduce(Reduction.SUM, b.mul(centred, centred)), columns);
    b.store(
        rows(y, columns),
        b.add(b.mul(b.mul(centred, scale), b.load(weights(w))), b.load(weights(c))));
    return b.build();
  }

  /** y = x/2 (1 + erf(x / sqrt 2)) */
  public static Kernel gelu(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("gelu", List.of(rows, columns), 0);
    int x = b.input("x", DType.F32);
    int y = b.output("y", DType.F32);
    Term value = b.load(rows(x, columns));
    Term e = Elementary.erf(b, b.mul(value, b.constant((float) Math.sqrt(0.5))));
    b.store(rows(y, columns), b.mul(b.mul(b.constant(0.5f), value), b.add(b.constant(1f), e)));
    return b.build();
  }

  /** y = (x + bias) * scale + r, what follows a projection. */
  public static Kernel residual(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("residual", List.of(rows, columns), 0);
    int x = b.input("x", DType.F32);
    int r = b.input("r", DType.F32);
    int bias = b.input("bias", DType.F32);
    int y = b.output("y", DType.F32);
    Term sum = b.add(b.load(rows(x, columns)), b.load(weights(bias)));
    b.store(rows(y, columns), b.add(b.mul(sum, b.constant(0.7f)), b.load(rows(r, columns))));
    return b.build();
  }

  /** y[column] = sum over rows of x */
  public static Kernel columnSum(Dim rows, Dim columns) {
    KernelBuilder b = new KernelBuilder("columnSum", List.of(columns, rows), 1);
    int x = b.input("x", DType.F32);
    int y = b.output("y", DType.F32);
    Term value = b.load(new Access(x, Dim.ZERO, List.of(Dim.ONE, columns)));
    b.store(new Access(y, Dim.ZERO, List.of(Dim.ONE, Dim.ZERO)), b.reduce(Reduction.SUM, value));
    return b.build();
  }

  /** All of them. */
  public static List<Kernel> all(Dim rows, Dim columns) {
    return List.of(
        softmax(rows, columns),
        rmsNorm(rows, columns),
        layerNorm(rows, columns),
        gelu(rows, columns),
        residual(rows, columns),
        columnSum(rows, columns));
  }
}
