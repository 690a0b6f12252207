package dev.bascule.core.elementary;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.DoubleUnaryOperator;

/**
 * The functions of one argument: how each is built, its value in f64 (the truth for f32: StrictMath
 * where it has the function, good to 1 ulp of f64), and the largest error allowed, in ulp of the
 * result. The bounds are what full sweeps found, rounded up to the next 0.01 (f32) or 0.1 (f64).
 */
enum ElementaryFunction {
  EXP(Elementary::exp, StrictMath::exp, 0.90, 0.9),
  EXP2(Elementary::exp2, x -> StrictMath.pow(2, x), 0.92, 0.9),
  EXPM1(Elementary::expm1, StrictMath::expm1, 1.41, 1.7),
  LOG(Elementary::log, StrictMath::log, 0.94, 1.4),
  LOG2(Elementary::log2, Truth::log2, 1.21, 1.3),
  LOG1P(Elementary::log1p, StrictMath::log1p, 1.50, 1.8),
  ERF(Elementary::erf, Truth::erf, 1.40, 1.4),
  TANH(Elementary::tanh, StrictMath::tanh, 1.63, 1.8),
  SIN(Elementary::sin, StrictMath::sin, 1.23, 1.2),
  COS(Elementary::cos, StrictMath::cos, 1.22, 1.3),
  TAN(Elementary::tan, StrictMath::tan, 2.55, 2.6),
  ASIN(Elementary::asin, StrictMath::asin, 1.34, 1.6),
  ACOS(Elementary::acos, StrictMath::acos, 1.07, 1.2),
  ATAN(Elementary::atan, StrictMath::atan, 1.39, 1.6),
  SINH(Elementary::sinh, StrictMath::sinh, 1.62, 1.7),
  COSH(Elementary::cosh, StrictMath::cosh, 1.35, 1.4),
  ASINH(Elementary::asinh, Truth::asinh, 1.88, 2.2),
  ACOSH(Elementary::acosh, Truth::acosh, 2.03, 2.4),
  ATANH(Elementary::atanh, Truth::atanh, 2.18, 2.5);

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without state
  private final BiFunction<KernelBuilder, Term, Term> steps;

  @SuppressWarnings("ImmutableEnumChecker")
  final DoubleUnaryOperator truth;

  final double ulpMaxSingle;
  final double ulpMaxDouble;

  /** Bounds of {@code pow}, as above. */
  static final double POW_ULP_MAX_SINGLE = 1.15;

  static final double POW_ULP_MAX_DOUBLE = 1.0;

  ElementaryFunction(
      BiFunction<KernelBuilder, Term, Term> steps,
      DoubleUnaryOperator truth,
      double ulpMaxSingle,
      double ulpMaxDouble) {
    this.steps = steps;
    this.truth = truth;
    this.ulpMaxSingle = ulpMaxSingle;
    this.ulpMaxDouble = ulpMaxDouble;
  }

  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  double ulpMax(DType dtype) {
    return dtype == DType.F32 ? ulpMaxSingle : ulpMaxDouble;
  }

  /** y = f(x) over a domain of {@code size} points. */
  Kernel kernel(DType dtype, long size) {
    return kernel(title(), dtype, size, 1, (b, x) -> steps.apply(b, x[0]));
  }

  static Kernel pow(DType dtype, long size) {
    return kernel("pow", dtype, size, 2, (b, x) -> Elementary.pow(b, x[0], x[1]));
  }

  private static Kernel kernel(
      String name,
      DType dtype,
      long size,
      int arity,
      BiFunction<KernelBuilder, Term[], Term> steps) {
    KernelBuilder b = new KernelBuilder(name, List.of(Dim.of(size)), 0);
    Term[] x = new Term[arity];
    for (int i = 0; i < arity; i++) {
      x[i] = b.load(along(b.input("x" + i, dtype)));
    }
    b.store(along(b.output("y", dtype)), steps.apply(b, x));
    return b.build();
  }

  private static Access along(int parameter) {
    return new Access(parameter, Dim.of(0), List.of(Dim.of(1)));
  }

  /**
   * What a kernel computes, without what costs nothing on most machines: reinterpreted bits, and
   * negations, which feed fused multiply-adds.
   */
  static long operations(Kernel kernel) {
    return kernel.body().stream()
        .filter(i -> i instanceof Instruction.Compute c && !isFree(c.op()))
        .count();
  }

  private static boolean isFree(Primitive op) {
    return switch (op) {
      case NEG, F32_BITS, BITS_F32, F64_BITS, BITS_F64 -> true;
      default -> false;
    };
  }
}
