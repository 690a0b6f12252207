package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.elementary.Elementary;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;
import java.util.List;
import java.util.Optional;

/**
 * The elementwise ops, one row each: which dtypes they take, what they mean as kernel steps, and
 * their gradient. Operands have equal shapes ({@link Ops} broadcasts) and, but for the condition of
 * {@link #SELECT}, equal dtypes.
 *
 * <p>Arithmetic is done in the dtype's scalar type and brought back into the dtype once per op
 * ({@link Conversions#settle}). Integer division rounds towards zero, x/0 is 0; of min and max a
 * NaN wins; shifts take their count modulo the width.
 */
@SuppressWarnings("ImmutableEnumChecker") // the rows' lambdas hold nothing
public enum Elementwise implements Op {
  NEG("Neg", 1, Domain.NUMBERS, (b, t, x) -> b.neg(x[0]), (n, g) -> List.of(Ops.neg(g))),
  ABS(
      "Abs",
      1,
      Domain.NUMBERS,
      (b, t, x) -> isSigned(t) ? b.abs(x[0]) : x[0],
      (n, g) -> List.of(Ops.mul(g, Ops.sign(n.operand(0))))),
  /** -1, 0 or 1; of NaN, NaN; of a zero, that zero. */
  SIGN("Sign", 1, Domain.NUMBERS, Expansions::sign, Gradients.ZERO),
  SQRT(
      "Sqrt",
      1,
      Domain.FLOATS,
      (b, t, x) -> b.apply(Primitive.SQRT, x[0]),
      (n, g) -> List.of(Ops.div(g, Ops.mul(n.result(), Ops.like(n.result(), 2))))),
  EXP(
      "Exp",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.exp(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, n.result()))),
  EXP2(
      "Exp2",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.exp2(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.mul(n.result(), Ops.like(g, Math.log(2)))))),
  EXPM1(
      "Expm1",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.expm1(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.add(n.result(), Ops.like(g, 1))))),
  LOG(
      "Log",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.log(b, x[0]),
      (n, g) -> List.of(Ops.div(g, n.operand(0)))),
  LOG1P(
      "Log1p",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.log1p(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Ops.add(n.operand(0), Ops.like(g, 1))))),
  ERF(
      "Erf",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.erf(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Gradients.gauss(n.operand(0))))),
  TANH(
      "Tanh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.tanh(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Gradients.oneMinusSquare(n.result())))),
  SIN(
      "Sin",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.sin(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.apply(valueOf("COS"), n.operand(0))))),
  COS(
      "Cos",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.cos(b, x[0]),
      (n, g) -> List.of(Ops.neg(Ops.mul(g, Ops.apply(SIN, n.operand(0)))))),
  TAN(
      "Tan",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.tan(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.add(Ops.mul(n.result(), n.result()), Ops.like(g, 1))))),
  ASIN(
      "Asin",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.asin(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Ops.sqrt(Gradients.oneMinusSquare(n.operand(0)))))),
  ACOS(
      "Acos",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.acos(b, x[0]),
      (n, g) -> List.of(Ops.neg(Ops.div(g, Ops.sqrt(Gradients.oneMinusSquare(n.operand(0))))))),
  ATAN(
      "Atan",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.atan(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Gradients.onePlusSquare(n.operand(0))))),
  SINH(
      "Sinh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.sinh(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.apply(valueOf("COSH"), n.operand(0))))),
  COSH(
      "Cosh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.cosh(b, x[0]),
      (n, g) -> List.of(Ops.mul(g, Ops.apply(SINH, n.operand(0))))),
  ASINH(
      "Asinh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.asinh(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Ops.sqrt(Gradients.onePlusSquare(n.operand(0)))))),
  ACOSH(
      "Acosh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.acosh(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Ops.sqrt(Ops.neg(Gradients.oneMinusSquare(n.operand(0))))))),
  ATANH(
      "Atanh",
      1,
      Domain.FLOATS,
      (b, t, x) -> Elementary.atanh(b, x[0]),
      (n, g) -> List.of(Ops.div(g, Gradients.oneMinusSquare(n.operand(0))))),
  POW(
      "Pow",
      2,
      Domain.FLOATS,
      (b, t, x) -> Elementary.pow(b, x[0], x[1]),
      (n, g) -> {
        Value x = n.operand(0);
        Value y = n.operand(1);
        Value byBase = Ops.mul(g, Ops.mul(y, Ops.pow(x, Ops.sub(y, Ops.like(y, 1)))));
        return List.of(byBase, Ops.mul(g, Ops.mul(n.result(), Ops.log(x))));
      }),
  FLOOR("Floor", 1, Domain.FLOATS, (b, t, x) -> b.apply(Primitive.FLOOR, x[0]), Gradients.ZERO),
  CEIL("Ceil", 1, Domain.FLOATS, (b, t, x) -> b.apply(Primitive.CEIL, x[0]), Gradients.ZERO),
  TRUNC("Trunc", 1, Domain.FLOATS, (b, t, x) -> b.apply(Primitive.TRUNC, x[0]), Gradients.ZERO),
  /** To the nearest integral value, ties to even. */
  ROUND(
      "Round", 1, Domain.FLOATS, (b, t, x) -> b.apply(Primitive.ROUND_EVEN, x[0]), Gradients.ZERO),
  IS_NAN("IsNaN", 1, Domain.FLOATS_TO_BOOL, (b, t, x) -> b.ne(x[0], x[0]), Gradients.NONE),
  NOT("Not", 1, Domain.BITS, (b, t, x) -> b.not(x[0]), Gradients.NONE),

  ADD("Add", 2, Domain.NUMBERS, (b, t, x) -> b.add(x[0], x[1]), (n, g) -> List.of(g, g)),
  SUB("Sub", 2, Domain.NUMBERS, (b, t, x) -> b.sub(x[0], x[1]), (n, g) -> List.of(g, Ops.neg(g))),
  MUL(
      "Mul",
      2,
      Domain.NUMBERS,
      (b, t, x) -> b.mul(x[0], x[1]),
      (n, g) -> List.of(Ops.mul(g, n.operand(1)), Ops.mul(g, n.operand(0)))),
  DIV(
      "Div",
      2,
      Domain.NUMBERS,
      (b, t, x) -> b.apply(isWideUnsigned(t) ? Primitive.UDIV : Primitive.DIV, x[0], x[1]),
      (n, g) ->
          List.of(
              Ops.div(g, n.operand(1)), Ops.neg(Ops.div(Ops.mul(g, n.result()), n.operand(1))))),
  /**
   * Integers: the remainder of the division rounded towards zero, with the sign of the dividend.
   */
  REM(
      "Rem",
      2,
      Domain.INTEGERS,
      (b, t, x) -> b.apply(isWideUnsigned(t) ? Primitive.UREM : Primitive.REM, x[0], x[1]),
      Gradients.NONE),
  MIN(
      "Min",
      2,
      Domain.NUMBERS,
      Expansions::min,
      (n, g) -> Gradients.choose(g, Ops.le(n.operand(0), n.operand(1)))),
  MAX(
      "Max",
      2,
      Domain.NUMBERS,
      Expansions::max,
      (n, g) -> Gradients.choose(g, Ops.le(n.operand(1), n.operand(0)))),
  AND("And", 2, Domain.BITS, (b, t, x) -> b.and(x[0], x[1]), Gradients.NONE),
  OR("Or", 2, Domain.BITS, (b, t, x) -> b.or(x[0], x[1]), Gradients.NONE),
  XOR("Xor", 2, Domain.BITS, (b, t, x) -> b.apply(Primitive.XOR, x[0], x[1]), Gradients.NONE),
  SHIFT_LEFT(
      "ShiftLeft",
      2,
      Domain.INTEGERS,
      (b, t, x) -> b.apply(Primitive.SHL, x[0], x[1]),
      Gradients.NONE),
  /** Arithmetic for signed dtypes, logical for unsigned ones. */
  SHIFT_RIGHT(
      "ShiftRight",
      2,
      Domain.INTEGERS,
      (b, t, x) -> b.apply(isSigned(t) ? Primitive.SHR : Primitive.USHR, x[0], x[1]),
      Gradients.NONE),
  EQ("Equal", 2, Domain.ANY_TO_BOOL, (b, t, x) -> b.eq(x[0], x[1]), Gradients.NONE),
  NE("NotEqual", 2, Domain.ANY_TO_BOOL, (b, t, x) -> b.ne(x[0], x[1]), Gradients.NONE),
  LT("Less", 2, Domain.NUMBERS_TO_BOOL, Expansions::less, Gradients.NONE),
  LE(
      "LessOrEqual",
      2,
      Domain.NUMBERS_TO_BOOL,
      (b, t, x) -> isWideUnsigned(t) ? b.not(Expansions.less(b, t, x[1], x[0])) : b.le(x[0], x[1]),
      Gradients.NONE),

  /** a*b + c with one rounding. */
  FMA(
      "Fma",
      3,
      Domain.FLOATS,
      (b, t, x) -> b.fma(x[0], x[1], x[2]),
      (n, g) -> List.of(Ops.mul(g, n.operand(1)), Ops.mul(g, n.operand(0)), g)),
  /** {@code condition ? a : b} with a bool condition. */
  SELECT(
      "Select",
      3,
      Domain.CHOICE,
      (b, t, x) -> b.select(x[0], x[1], x[2]),
      (n, g) -> {
        Value zero = Ops.zeros(g.dtype(), g.shape());
        return List.of(g, Ops.select(n.operand(0), g, zero), Ops.select(n.operand(0), zero, g));
      });

  /** Which dtypes a row takes, and whether it gives the same one or bool. */
  private enum Domain {
    NUMBERS,
    FLOATS,
    INTEGERS,
    BITS,
    CHOICE,
    ANY_TO_BOOL,
    NUMBERS_TO_BOOL,
    FLOATS_TO_BOOL;

    boolean takes(DType type) {
      return switch (this) {
        case NUMBERS, NUMBERS_TO_BOOL -> type != DType.BOOL;
        case FLOATS, FLOATS_TO_BOOL -> type.isFloat();
        case INTEGERS -> type.isInteger();
        case BITS -> !type.isFloat();
        case CHOICE, ANY_TO_BOOL -> true;
      };
    }

    DType result(DType type) {
      return switch (this) {
        case NUMBERS, FLOATS, INTEGERS, BITS, CHOICE -> type;
        case ANY_TO_BOOL, NUMBERS_TO_BOOL, FLOATS_TO_BOOL -> DType.BOOL;
      };
    }
  }

  /** The meaning of a row as kernel steps over operands of dtype {@code type}, before settling. */
  interface Expansion {
    Term expand(KernelBuilder b, DType type, Term... operands);
  }

  /** The gradients of all operands, given that of the result. */
  interface Gradient {
    List<Value> of(Node node, Value result);
  }

  private final String text;
  private final int arity;
  private final Domain domain;
  private final Expansion expansion;
  private final Gradient gradient;

  Elementwise(String text, int arity, Domain domain, Expansion expansion, Gradient gradient) {
    this.text = text;
    this.arity = arity;
    this.domain = domain;
    this.expansion = expansion;
    this.gradient = gradient;
  }

  private static boolean isWideUnsigned(DType type) {
    return type == DType.U32 || type == DType.U64;
  }

  private static boolean isSigned(DType type) {
    return type.kind() != DType.Kind.UNSIGNED;
  }

  public int arity() {
    return arity;
  }

  /** True where the row takes operands of this dtype (for {@link #SELECT}: its choices). */
  public boolean takes(DType type) {
    return domain.takes(type);
  }

  /** True where a gradient flows through this op. */
  public boolean isDifferentiable() {
    return !gradient.equals(Gradients.NONE);
  }

  /**
   * Steps that compute this op on operands of {@code type} (the dtype of the last operand), settled
   * into the result's dtype.
   */
  public Term expand(KernelBuilder b, DType type, Term... operands) {
    return Conversions.settle(b, domain.result(type), expansion.expand(b, type, operands));
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, arity);
    TensorType last = operands.getLast();
    for (int i = 0; i < operands.size(); i++) {
      TensorType operand = operands.get(i);
      DType expected = this == SELECT && i == 0 ? DType.BOOL : last.dtype();
      if (operand.dtype() != expected || !operand.shape().equals(last.shape())) {
        throw new ShapeException(
            text
                + ": operand "
                + i
                + " is "
                + operand
                + ", expected "
                + expected
                + last.shape()
                + " like the others; all: "
                + operands);
      }
    }
    if (!domain.takes(last.dtype())) {
      throw new ShapeException(text + " does not take " + last.dtype() + "; cast first");
    }
    return List.of(new TensorType(domain.result(last.dtype()), last.shape()));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    if (results.getFirst().isEmpty() || !isDifferentiable()) {
      return java.util.Collections.nCopies(arity, Optional.empty());
    }
    List<Value> gradients = gradient.of(node, results.getFirst().get());
    return this == SELECT
        ? List.of(Optional.empty(), Optional.of(gradients.get(1)), Optional.of(gradients.get(2)))
        : gradients.stream().map(Optional::of).toList();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    DType type = node.operands().getLast().dtype();
    return List.of(
        Pointwise.evaluate(
            text, operands, node.result().dtype(), (b, terms) -> expand(b, type, terms)));
  }

  @Override
  public String toString() {
    return text;
  }

  /** Expansions too long for their row. */
  private static final class Expansions {
    static Term sign(KernelBuilder b, DType t, Term... x) {
      Term zero = b.number(x[0].type(), 0);
      Term one = b.number(x[0].type(), 1);
      if (!isSigned(t)) {
        return b.select(b.eq(x[0], zero), zero, one);
      }
      Term minusOne = b.number(x[0].type(), -1);
      return b.select(b.lt(zero, x[0]), one, b.select(b.lt(x[0], zero), minusOne, x[0]));
    }

    static Term less(KernelBuilder b, DType t, Term... x) {
      return isWideUnsigned(t) ? b.apply(Primitive.ULT, x[0], x[1]) : b.lt(x[0], x[1]);
    }

    static Term min(KernelBuilder b, DType t, Term... x) {
      return isWideUnsigned(t)
          ? b.select(less(b, t, x), x[0], x[1])
          : b.apply(Primitive.MIN, x[0], x[1]);
    }

    static Term max(KernelBuilder b, DType t, Term... x) {
      return isWideUnsigned(t)
          ? b.select(less(b, t, x), x[1], x[0])
          : b.apply(Primitive.MAX, x[0], x[1]);
    }
  }

  /** Gradients shared by rows. */
  private static final class Gradients {
    /** Not differentiable: the result carries no gradient. */
    static final Gradient NONE = (n, g) -> List.of();

    /** Constant almost everywhere. */
    static final Gradient ZERO = (n, g) -> List.of(Ops.zeros(g.dtype(), g.shape()));

    static Value oneMinusSquare(Value x) {
      return Ops.sub(Ops.like(x, 1), Ops.mul(x, x));
    }

    static Value onePlusSquare(Value x) {
      return Ops.add(Ops.like(x, 1), Ops.mul(x, x));
    }

    /** 2 / sqrt(pi) * exp(-x^2) */
    static Value gauss(Value x) {
      return Ops.mul(Ops.exp(Ops.neg(Ops.mul(x, x))), Ops.like(x, 2 / Math.sqrt(Math.PI)));
    }

    static List<Value> choose(Value g, Value first) {
      Value zero = Ops.zeros(g.dtype(), g.shape());
      return List.of(Ops.select(first, g, zero), Ops.select(first, zero, g));
    }
  }
}
