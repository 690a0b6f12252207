package dev.bascule.core.elementary;

import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Term;

/**
 * The elementary functions as kernel steps, over F32 and F64 terms. Each is one published sequence
 * of IEEE operations without branches, tables or loops, so that every device gives the same bits;
 * docs/numerics.md lists the largest error of each.
 *
 * <p>All keep denormals, signed zeros, infinities and NaN as C99 (Annex F) has them.
 */
public final class Elementary {
  private Elementary() {}

  /** {@code e^x}. */
  public static Term exp(KernelBuilder b, Term x) {
    return Exponential.exp(new Formula(b, x.type()), x);
  }

  /** {@code 2^x}; exact where x is an integer. */
  public static Term exp2(KernelBuilder b, Term x) {
    return Exponential.exp2(new Formula(b, x.type()), x);
  }

  /** {@code e^x - 1}, also accurate near 0. */
  public static Term expm1(KernelBuilder b, Term x) {
    return Exponential.expm1(new Formula(b, x.type()), x);
  }

  /** The natural logarithm; of 0 -infinity, of less NaN. */
  public static Term log(KernelBuilder b, Term x) {
    return Logarithm.log(new Formula(b, x.type()), x);
  }

  /** The logarithm of base 2; exact at powers of 2. */
  public static Term log2(KernelBuilder b, Term x) {
    return Logarithm.log2(new Formula(b, x.type()), x);
  }

  /** {@code log(1 + x)}, also accurate near 0. */
  public static Term log1p(KernelBuilder b, Term x) {
    return Logarithm.log1p(new Formula(b, x.type()), x);
  }

  /** The error function. */
  public static Term erf(KernelBuilder b, Term x) {
    return ErrorFunction.erf(new Formula(b, x.type()), x);
  }

  /** The hyperbolic tangent. */
  public static Term tanh(KernelBuilder b, Term x) {
    return Hyperbolic.tanh(new Formula(b, x.type()), x);
  }

  /** The sine of any finite x in radians; of an infinity NaN. */
  public static Term sin(KernelBuilder b, Term x) {
    return Trigonometric.sin(new Formula(b, x.type()), x);
  }

  /** The cosine of any finite x in radians; of an infinity NaN. */
  public static Term cos(KernelBuilder b, Term x) {
    return Trigonometric.cos(new Formula(b, x.type()), x);
  }

  /** The tangent of any finite x in radians; of an infinity NaN. */
  public static Term tan(KernelBuilder b, Term x) {
    return Trigonometric.tan(new Formula(b, x.type()), x);
  }

  /** The arc sine; NaN beyond -1 to 1. */
  public static Term asin(KernelBuilder b, Term x) {
    return InverseTrigonometric.asin(new Formula(b, x.type()), x);
  }

  /** The arc cosine in 0 to pi; NaN beyond -1 to 1. */
  public static Term acos(KernelBuilder b, Term x) {
    return InverseTrigonometric.acos(new Formula(b, x.type()), x);
  }

  /** The arc tangent. */
  public static Term atan(KernelBuilder b, Term x) {
    return InverseTrigonometric.atan(new Formula(b, x.type()), x);
  }

  /** The hyperbolic sine. */
  public static Term sinh(KernelBuilder b, Term x) {
    return Hyperbolic.sinh(new Formula(b, x.type()), x);
  }

  /** The hyperbolic cosine. */
  public static Term cosh(KernelBuilder b, Term x) {
    return Hyperbolic.cosh(new Formula(b, x.type()), x);
  }

  /** The inverse hyperbolic sine. */
  public static Term asinh(KernelBuilder b, Term x) {
    return Hyperbolic.asinh(new Formula(b, x.type()), x);
  }

  /** The inverse hyperbolic cosine; NaN below 1. */
  public static Term acosh(KernelBuilder b, Term x) {
    return Hyperbolic.acosh(new Formula(b, x.type()), x);
  }

  /** The inverse hyperbolic tangent; NaN beyond -1 to 1. */
  public static Term atanh(KernelBuilder b, Term x) {
    return Hyperbolic.atanh(new Formula(b, x.type()), x);
  }

  /** {@code x^y} with the special cases of C99: 1 to any power and any x to the power 0 are 1. */
  public static Term pow(KernelBuilder b, Term x, Term y) {
    return Power.pow(new Formula(b, x.type()), x, y);
  }
}
