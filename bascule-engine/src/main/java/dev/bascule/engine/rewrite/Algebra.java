package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.Optional;

/**
 * Identities of elementwise ops that keep every bit. Where a dtype is computed in a wider scalar
 * type and rounded once, the identity holds before the rounding, and rounding a value of the dtype
 * changes nothing. All NaNs are one value.
 */
final class Algebra {
  /** Of larger operands a product could wrap in i64, where dimensions refuse to overflow. */
  private static final long DIMENSION_MAX = 1L << 31;

  private final Simplifier simplifier;
  private final Node node;
  private final DType type;

  Algebra(Simplifier simplifier, Node node) {
    this.simplifier = simplifier;
    this.node = node;
    this.type = node.operands().getLast().dtype();
  }

  /**
   * Whether the operands may change places; of min and max they may not: of -0 and 0 the second.
   */
  static boolean isCommutative(Elementwise op) {
    return switch (op) {
      case ADD, MUL, EQ, NE, AND, OR, XOR -> true;
      default -> false;
    };
  }

  Optional<Value> simplify(Elementwise op) {
    return switch (op) {
      case NEG, NOT -> involution(op);
      case ABS -> abs();
      case FLOOR, CEIL, TRUNC, ROUND -> integral();
      case ADD -> add();
      case SUB -> sub();
      case MUL -> mul();
      case DIV -> div();
      case MIN, MAX -> extremum(op);
      case AND, OR, XOR -> bits(op);
      // a shift by no place
      case SHIFT_LEFT, SHIFT_RIGHT -> when(Literal.is(y(), 0), x());
      case EQ, LE -> comparisonWithItself(true);
      case NE, LT -> comparisonWithItself(false);
      case FMA -> fma();
      case SELECT -> select();
      // a rule is optional: a new op needs none
      default -> Optional.empty();
    };
  }

  private Value x() {
    return node.operand(0);
  }

  private Value y() {
    return node.operand(1);
  }

  private static Optional<Value> when(boolean condition, Value value) {
    return condition ? Optional.of(value) : Optional.empty();
  }

  private Value make(Op op, Value... operands) {
    return simplifier.make(node.label(), op, operands);
  }

  private Value fill(double number) {
    Value scalar = simplifier.make("", Ops.scalar(node.result().dtype(), number).node().op());
    return simplifier.make("", new Broadcast(node.result().shape()), scalar);
  }

  private static boolean is(Value value, Op op) {
    return value.node().op().equals(op);
  }

  private static Value under(Value value) {
    return value.node().operand(0);
  }

  /** Negation flips a sign (or a two's complement), complement all bits: twice is nothing. */
  private Optional<Value> involution(Elementwise op) {
    return when(is(x(), op), is(x(), op) ? under(x()) : x());
  }

  private Optional<Value> abs() {
    if (type.kind() == DType.Kind.UNSIGNED) {
      return Optional.of(x());
    }
    if (is(x(), Elementwise.ABS)) {
      return Optional.of(x());
    }
    // |-x| = |x|, for the smallest integer too: both wrap to itself
    return is(x(), Elementwise.NEG)
        ? Optional.of(make(Elementwise.ABS, under(x())))
        : Optional.empty();
  }

  /** An integral value, an infinity or a NaN is its own floor, ceiling, ...; so is -0. */
  private Optional<Value> integral() {
    return when(
        is(x(), Elementwise.FLOOR)
            || is(x(), Elementwise.CEIL)
            || is(x(), Elementwise.TRUNC)
            || is(x(), Elementwise.ROUND),
        x());
  }

  private Optional<Value> add() {
    // x + -0 is x, also for x = -0 and x = 0; x + 0 is not: -0 + 0 = 0
    double nothing = type.isFloat() ? -0.0 : 0;
    if (Literal.is(y(), nothing)) {
      return Optional.of(x());
    }
    if (Literal.is(x(), nothing)) {
      return Optional.of(y());
    }
    // IEEE-754 defines x - y as x + -y
    if (is(y(), Elementwise.NEG)) {
      return Optional.of(make(Elementwise.SUB, x(), under(y())));
    }
    if (is(x(), Elementwise.NEG)) {
      return Optional.of(make(Elementwise.SUB, y(), under(x())));
    }
    return dimension(Dim::plus);
  }

  private Optional<Value> sub() {
    // -0 - 0 = -0 and 0 - 0 = 0
    if (Literal.is(y(), 0)) {
      return Optional.of(x());
    }
    // x - x is 0 for integers only: infinity - infinity and NaN - NaN are NaN
    if (!type.isFloat() && x().equals(y())) {
      return Optional.of(fill(0));
    }
    // -0 - x = -x: of x = 0, -0; of x = -0, 0
    if (Literal.is(x(), type.isFloat() ? -0.0 : 0)) {
      return Optional.of(make(Elementwise.NEG, y()));
    }
    if (is(y(), Elementwise.NEG)) {
      return Optional.of(make(Elementwise.ADD, x(), under(y())));
    }
    return dimension(Dim::minus);
  }

  private Optional<Value> mul() {
    if (Literal.is(y(), 1)) {
      return Optional.of(x());
    }
    if (Literal.is(x(), 1)) {
      return Optional.of(y());
    }
    // x * 0 is 0 for integers only: it keeps a sign and a NaN
    if (!type.isFloat() && (Literal.is(x(), 0) || Literal.is(y(), 0))) {
      return Optional.of(fill(0));
    }
    // -1 flips the sign, of zeros too
    if (type.isFloat() && Literal.is(y(), -1)) {
      return Optional.of(make(Elementwise.NEG, x()));
    }
    if (type.isFloat() && Literal.is(x(), -1)) {
      return Optional.of(make(Elementwise.NEG, y()));
    }
    return dimension(Dim::times);
  }

  private Optional<Value> div() {
    if (Literal.is(y(), 1)) {
      return Optional.of(x());
    }
    Optional<Literal> divisor = type.isFloat() ? Literal.of(y()) : Optional.empty();
    if (divisor.isPresent()) {
      double reciprocal = 1 / divisor.get().number();
      // x / 2^k and x * 2^-k are one real number, rounded once, where 2^-k is a number of the dtype
      if (isPowerOfTwo(divisor.get().number()) && isNumber(reciprocal)) {
        return Optional.of(make(Elementwise.MUL, x(), fill(reciprocal)));
      }
    }
    return Optional.empty();
  }

  private static boolean isPowerOfTwo(double number) {
    long mantissa = Double.doubleToRawLongBits(number) & (1L << 52) - 1;
    return mantissa == 0 && Math.abs(Math.getExponent(number)) < Double.MAX_EXPONENT;
  }

  private boolean isNumber(double number) {
    return dev.bascule.core.Tensor.scalar(type, number).number(0) == number;
  }

  private Optional<Value> extremum(Elementwise op) {
    // equal operands are either of them; a NaN wins and is both
    if (x().equals(y())) {
      return Optional.of(x());
    }
    // max(max(x, c), c): what the inner one gives is above c, NaN, or c itself
    if (is(x(), op) && x().node().operand(1).equals(y())) {
      return Optional.of(x());
    }
    // no number is beyond infinity, and NaN wins over it
    double limit = op == Elementwise.MAX ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    if (type.isFloat() && Literal.is(y(), limit)) {
      return Optional.of(x());
    }
    return when(type.isFloat() && Literal.is(x(), limit), y());
  }

  private Optional<Value> bits(Elementwise op) {
    if (x().equals(y())) {
      return Optional.of(op == Elementwise.XOR ? fill(0) : x());
    }
    for (int i = 0; i < 2; i++) {
      Value mask = node.operand(i);
      Value other = node.operand(1 - i);
      if (Literal.is(mask, 0)) {
        return Optional.of(op == Elementwise.AND ? mask : other);
      }
      if (type == DType.BOOL && Literal.is(mask, 1) && op != Elementwise.XOR) {
        return Optional.of(op == Elementwise.AND ? other : mask);
      }
    }
    return Optional.empty();
  }

  /** Integers and truth values equal themselves; a NaN does not. */
  private Optional<Value> comparisonWithItself(boolean result) {
    return !type.isFloat() && x().equals(y())
        ? Optional.of(fill(result ? 1 : 0))
        : Optional.empty();
  }

  private Optional<Value> fma() {
    Value z = node.operand(2);
    // one rounding of x * y: adding -0 to an exact product changes no zero's sign
    if (Literal.is(z, -0.0)) {
      return Optional.of(make(Elementwise.MUL, x(), y()));
    }
    // one rounding of y + z
    if (Literal.is(x(), 1)) {
      return Optional.of(make(Elementwise.ADD, y(), z));
    }
    return Literal.is(y(), 1) ? Optional.of(make(Elementwise.ADD, x(), z)) : Optional.empty();
  }

  private Optional<Value> select() {
    Value chosen = node.operand(1);
    Value other = node.operand(2);
    if (chosen.equals(other) || Literal.is(x(), 1)) {
      return Optional.of(chosen);
    }
    if (Literal.is(x(), 0)) {
      return Optional.of(other);
    }
    if (is(x(), Elementwise.NOT)) {
      return Optional.of(make(Elementwise.SELECT, under(x()), other, chosen));
    }
    return when(type == DType.BOOL && Literal.is(chosen, 1) && Literal.is(other, 0), x());
  }

  private interface DimensionArithmetic {
    Dim apply(Dim a, Dim b);
  }

  /** Arithmetic on i64 scalars that are dimensions is a dimension, where it cannot overflow. */
  private Optional<Value> dimension(DimensionArithmetic arithmetic) {
    boolean symbolic =
        x().node().op() instanceof DimensionValue || y().node().op() instanceof DimensionValue;
    if (!symbolic || node.result().shape().rank() != 0) {
      return Optional.empty();
    }
    Optional<Dim> a = dimension(x());
    Optional<Dim> b = dimension(y());
    if (a.isEmpty() || b.isEmpty()) {
      return Optional.empty();
    }
    return isModerate(a.get()) && isModerate(b.get())
        ? Optional.of(make(new DimensionValue(arithmetic.apply(a.get(), b.get()))))
        : Optional.empty();
  }

  private static boolean isModerate(Dim dim) {
    return dim.min() >= -DIMENSION_MAX && dim.max() <= DIMENSION_MAX;
  }

  private static Optional<Dim> dimension(Value value) {
    if (value.node().op() instanceof DimensionValue dimension) {
      return Optional.of(dimension.dim());
    }
    return value.dtype() == DType.I64
        ? Literal.of(value).map(literal -> Dim.of(literal.bits()))
        : Optional.empty();
  }
}
