package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Arithmetic, comparison, logic, bits and casts: element by element. */
final class ArithmeticOperators {
  private ArithmeticOperators() {}

  static void addTo(Table table) {
    unary(table);
    binary(table);
    variadic(table);
    table.row("Clip", 6, node -> clip(node, bound(node, "min"), bound(node, "max")));
    table.row("Clip", 11, node -> clip(node, node.optional(1), node.optional(2)));
    table.row("Cast", 6, node -> Ops.cast(node.input(0), node.dtype(node.integer("to", 0))));
    table.row("CastLike", 15, node -> Ops.cast(node.input(0), node.input(1).dtype()));
    table.row("Where", 9, node -> Ops.select(node.input(0), node.input(1), node.input(2)));
  }

  private static void unary(Table table) {
    unary(table, "Abs", 6, Elementwise.ABS);
    unary(table, "Neg", 6, Elementwise.NEG);
    unary(table, "Sign", 9, Elementwise.SIGN);
    unary(table, "Sqrt", 6, Elementwise.SQRT);
    unary(table, "Exp", 6, Elementwise.EXP);
    unary(table, "Log", 6, Elementwise.LOG);
    unary(table, "Erf", 9, Elementwise.ERF);
    unary(table, "Sin", 7, Elementwise.SIN);
    unary(table, "Cos", 7, Elementwise.COS);
    unary(table, "Tan", 7, Elementwise.TAN);
    unary(table, "Asin", 7, Elementwise.ASIN);
    unary(table, "Acos", 7, Elementwise.ACOS);
    unary(table, "Atan", 7, Elementwise.ATAN);
    unary(table, "Sinh", 9, Elementwise.SINH);
    unary(table, "Cosh", 9, Elementwise.COSH);
    unary(table, "Asinh", 9, Elementwise.ASINH);
    unary(table, "Acosh", 9, Elementwise.ACOSH);
    unary(table, "Atanh", 9, Elementwise.ATANH);
    unary(table, "Floor", 6, Elementwise.FLOOR);
    unary(table, "Ceil", 6, Elementwise.CEIL);
    unary(table, "Round", 11, Elementwise.ROUND);
    unary(table, "IsNaN", 9, Elementwise.IS_NAN);
    unary(table, "Not", 1, Elementwise.NOT);
    unary(table, "BitwiseNot", 18, Elementwise.NOT);
    table.row("Reciprocal", 6, node -> Ops.div(Ops.like(node.input(0), 1), node.input(0)));
    table.row("IsInf", 10, ArithmeticOperators::isInfinite);
    table.row("Identity", 1, node -> node.input(0));
  }

  private static void unary(Table table, String name, int since, Elementwise op) {
    table.row(name, since, node -> Ops.apply(op, node.input(0)));
  }

  private static void binary(Table table) {
    binary(table, "Add", 6, Elementwise.ADD);
    binary(table, "Sub", 6, Elementwise.SUB);
    binary(table, "Mul", 6, Elementwise.MUL);
    binary(table, "Div", 6, Elementwise.DIV);
    binary(table, "And", 6, Elementwise.AND);
    binary(table, "Or", 6, Elementwise.OR);
    binary(table, "Xor", 6, Elementwise.XOR);
    binary(table, "BitwiseAnd", 18, Elementwise.AND);
    binary(table, "BitwiseOr", 18, Elementwise.OR);
    binary(table, "BitwiseXor", 18, Elementwise.XOR);
    binary(table, "Equal", 6, Elementwise.EQ);
    binary(table, "Less", 6, Elementwise.LT);
    binary(table, "LessOrEqual", 12, Elementwise.LE);
    table.row("Greater", 6, node -> Ops.lt(second(node), node.input(0)));
    table.row("GreaterOrEqual", 12, node -> Ops.le(second(node), node.input(0)));
    table.row("Pow", 6, ArithmeticOperators::power);
    table.row("Mod", 10, ArithmeticOperators::modulo);
    table.row("BitShift", 11, ArithmeticOperators::shift);
  }

  private static void binary(Table table, String name, int since, Elementwise op) {
    table.row(name, since, node -> Ops.apply(op, node.input(0), second(node)));
  }

  /**
   * The second operand; before opset 7 it was broadcast from an axis of the first, and only when
   * asked to.
   */
  private static Value second(NodeContext node) {
    Value first = node.input(0);
    Value second = node.input(1);
    if (node.opset() >= 7 || !node.flag("broadcast", false) || !node.has("axis")) {
      return second;
    }
    int axis = node.axis(node.integer("axis", 0), first.shape().rank());
    List<Dim> dims = new ArrayList<>(second.shape().dims());
    int behind = first.shape().rank() - axis - second.shape().rank();
    dims.addAll(Collections.nCopies(Math.max(0, behind), Dim.ONE));
    return Ops.reshape(second, new Shape(dims));
  }

  private static void variadic(Table table) {
    variadic(table, "Sum", 6, Elementwise.ADD);
    variadic(table, "Max", 6, Elementwise.MAX);
    variadic(table, "Min", 6, Elementwise.MIN);
    table.row(
        "Mean",
        6,
        node -> {
          Value sum = fold(node, Elementwise.ADD);
          return Ops.div(sum, Ops.like(sum, node.inputCount()));
        });
  }

  private static void variadic(Table table, String name, int since, Elementwise op) {
    table.row(name, since, node -> fold(node, op));
  }

  private static Value fold(NodeContext node, Elementwise op) {
    return node.allInputs().stream()
        .reduce((a, b) -> Ops.apply(op, a, b))
        .orElseThrow(() -> node.wrong("at least one input", "none"));
  }

  private static Optional<Value> bound(NodeContext node, String attribute) {
    return node.number(attribute).map(value -> Ops.scalar(node.input(0).dtype(), value));
  }

  private static Value clip(NodeContext node, Optional<Value> low, Optional<Value> high) {
    Value value = node.input(0);
    Value raised = low.isPresent() ? Ops.max(value, low.get()) : value;
    return high.isPresent() ? Ops.min(raised, high.get()) : raised;
  }

  private static Value isInfinite(NodeContext node) {
    Value x = node.input(0);
    Value below = Ops.eq(x, Ops.like(x, Double.NEGATIVE_INFINITY));
    Value above = Ops.eq(x, Ops.like(x, Double.POSITIVE_INFINITY));
    boolean negative = node.flag("detect_negative", true);
    boolean positive = node.flag("detect_positive", true);
    if (negative && positive) {
      return Ops.apply(Elementwise.OR, below, above);
    }
    return negative ? below : positive ? above : Ops.zeros(DType.BOOL, x.shape());
  }

  /** The result has the type of the base; a square is a product, as every runtime has it. */
  private static Value power(NodeContext node) {
    Value base = node.input(0);
    Value exponent = second(node);
    Optional<Tensor> constant = node.literal(1).filter(tensor -> tensor.elements() == 1);
    boolean isScalar = constant.isPresent() && exponent.shape().rank() <= base.shape().rank();
    if (isScalar && constant.get().number(0) == 2) {
      return Ops.mul(base, base);
    }
    if (isScalar && constant.get().number(0) == 1) {
      return base;
    }
    if (base.dtype().isInteger() && exponent.dtype().isInteger()) {
      return integerPower(base, exponent);
    }
    DType work = base.dtype().isFloat() ? base.dtype() : DType.F64;
    return Ops.cast(Ops.pow(Ops.cast(base, work), Ops.cast(exponent, work)), base.dtype());
  }

  /**
   * By repeated squaring, wrapping; exact for exponents from 0 to 63, beyond which all but 0 and 1
   * overflow.
   */
  private static Value integerPower(Value base, Value exponent) {
    Shape shape = Ops.common("Pow", base.shape(), exponent.shape());
    Value bits = Ops.broadcast(Ops.cast(exponent, DType.I64), shape);
    Value square = Ops.broadcast(base, shape);
    Value result = Ops.like(square, 1);
    for (int bit = 0; bit < 6; bit++) {
      Value mask = Ops.like(bits, (double) (1L << bit));
      Value isSet =
          Ops.apply(Elementwise.NE, Ops.apply(Elementwise.AND, bits, mask), Ops.like(bits, 0));
      result = Ops.select(isSet, Ops.mul(result, square), result);
      square = Ops.mul(square, square);
    }
    return result;
  }

  /** With the sign of the divisor, or with {@code fmod} that of the dividend. */
  private static Value modulo(NodeContext node) {
    Value a = node.input(0);
    Value b = node.input(1);
    Shape shape = Ops.common("Mod", a.shape(), b.shape());
    Value x = Ops.broadcast(a, shape);
    Value y = Ops.broadcast(b, shape);
    boolean likeDividend = node.flag("fmod", false);
    if (x.dtype().isFloat()) {
      if (!likeDividend) {
        throw node.wrong("fmod 1 for floating-point elements", "fmod 0");
      }
      return remainder(x, y);
    }
    Value rest = Ops.apply(Elementwise.REM, x, y);
    if (likeDividend || x.dtype().kind() == DType.Kind.UNSIGNED) {
      return rest;
    }
    Value zero = Ops.like(x, 0);
    Value signsDiffer = Ops.apply(Elementwise.XOR, Ops.lt(rest, zero), Ops.lt(y, zero));
    Value isShort = Ops.apply(Elementwise.AND, Ops.apply(Elementwise.NE, rest, zero), signsDiffer);
    return Ops.select(isShort, Ops.add(rest, y), rest);
  }

  /** {@code x - y * trunc(x / y)} in f64 with one rounding: exact for quotients below 2^53. */
  private static Value remainder(Value x, Value y) {
    Value a = Ops.cast(x, DType.F64);
    Value b = Ops.cast(y, DType.F64);
    Value quotient = Ops.apply(Elementwise.TRUNC, Ops.div(a, b));
    return Ops.cast(Ops.apply(Elementwise.FMA, Ops.neg(quotient), b, a), x.dtype());
  }

  /** Shifts by the width or more give zero; our shifts take their count modulo the width. */
  private static Value shift(NodeContext node) {
    Value x = node.input(0);
    Value count = node.input(1);
    Elementwise op =
        switch (node.text("direction", "")) {
          case "LEFT" -> Elementwise.SHIFT_LEFT;
          case "RIGHT" -> Elementwise.SHIFT_RIGHT;
          default -> throw node.wrong("direction LEFT or RIGHT", node.text("direction", "none"));
        };
    Value shifted = Ops.apply(op, x, count);
    Value fits = Ops.lt(count, Ops.scalar(count.dtype(), x.dtype().bits()));
    return Ops.select(fits, shifted, Ops.like(shifted, 0));
  }
}
