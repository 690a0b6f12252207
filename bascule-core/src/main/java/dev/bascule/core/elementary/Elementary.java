package dev.bascule.core.elementary;

import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;

/** The elementary functions as kernel steps, over F32 and F64 terms. */
public final class Elementary {
  private Elementary() {}

  public static Term exp(KernelBuilder b, Term x) {
    Term n = b.apply(Primitive.ROUND_EVEN, b.mul(x, b.number(x.type(), 1.4426950408889634)));
    Term r = b.fma(n, b.number(x.type(), -0.693147180559945309), x);
    Term p = b.number(x.type(), 1.0 / 5040);
    for (double c : new double[] {1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1}) {
      p = b.fma(p, r, b.number(x.type(), c));
    }
    Term scale = b.apply(Primitive.F32_TO_I32, n);
    return b.mul(
        p,
        b.apply(
            Primitive.BITS_F32,
            b.apply(Primitive.SHL, b.add(scale, b.constant(127)), b.constant(23))));
  }

  public static Term exp2(KernelBuilder b, Term x) {
    throw new IllegalStateException("exp2 is not written yet");
  }

  public static Term expm1(KernelBuilder b, Term x) {
    throw new IllegalStateException("expm1 is not written yet");
  }

  public static Term log(KernelBuilder b, Term x) {
    throw new IllegalStateException("log is not written yet");
  }

  public static Term log2(KernelBuilder b, Term x) {
    throw new IllegalStateException("log2 is not written yet");
  }

  public static Term log1p(KernelBuilder b, Term x) {
    throw new IllegalStateException("log1p is not written yet");
  }

  public static Term erf(KernelBuilder b, Term x) {
    throw new IllegalStateException("erf is not written yet");
  }

  public static Term tanh(KernelBuilder b, Term x) {
    throw new IllegalStateException("tanh is not written yet");
  }

  public static Term sin(KernelBuilder b, Term x) {
    throw new IllegalStateException("sin is not written yet");
  }

  public static Term cos(KernelBuilder b, Term x) {
    throw new IllegalStateException("cos is not written yet");
  }

  public static Term tan(KernelBuilder b, Term x) {
    throw new IllegalStateException("tan is not written yet");
  }

  public static Term asin(KernelBuilder b, Term x) {
    throw new IllegalStateException("asin is not written yet");
  }

  public static Term acos(KernelBuilder b, Term x) {
    throw new IllegalStateException("acos is not written yet");
  }

  public static Term atan(KernelBuilder b, Term x) {
    throw new IllegalStateException("atan is not written yet");
  }

  public static Term sinh(KernelBuilder b, Term x) {
    throw new IllegalStateException("sinh is not written yet");
  }

  public static Term cosh(KernelBuilder b, Term x) {
    throw new IllegalStateException("cosh is not written yet");
  }

  public static Term asinh(KernelBuilder b, Term x) {
    throw new IllegalStateException("asinh is not written yet");
  }

  public static Term acosh(KernelBuilder b, Term x) {
    throw new IllegalStateException("acosh is not written yet");
  }

  public static Term atanh(KernelBuilder b, Term x) {
    throw new IllegalStateException("atanh is not written yet");
  }

  public static Term pow(KernelBuilder b, Term x, Term y) {
    throw new IllegalStateException("pow is not written yet");
  }
}
