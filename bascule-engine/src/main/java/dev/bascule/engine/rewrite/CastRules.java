package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Value;
import java.util.Optional;

/** Casts that change nothing, and chains of casts that one cast equals for all inputs. */
final class CastRules {
  private CastRules() {}

  static Optional<Value> simplify(Simplifier simplifier, Node node, Cast cast) {
    Value x = node.operand(0);
    if (x.dtype() == cast.to()) {
      return Optional.of(x);
    }
    if (x.node().op() instanceof Cast
        && isDirect(x.node().operand(0).dtype(), x.dtype(), cast.to())) {
      return Optional.of(simplifier.make(node.label(), cast, x.node().operand(0)));
    }
    return Optional.empty();
  }

  /**
   * The bits of a NaN may change under a float dtype, so only a float may pass through an integer.
   */
  static Optional<Value> simplify(Simplifier simplifier, Node node, Bitcast cast) {
    Value x = node.operand(0);
    if (x.dtype() == cast.to()) {
      return Optional.of(x);
    }
    Op inner = x.node().op();
    if (inner instanceof Bitcast && !x.dtype().isFloat()) {
      return Optional.of(simplifier.make(node.label(), cast, x.node().operand(0)));
    }
    return Optional.empty();
  }

  /** True where {@code from -> via -> to} and {@code from -> to} agree for every value. */
  static boolean isDirect(DType from, DType via, DType to) {
    if (holds(via, from)) {
      // an integer that passes through a float is saturated, one that does not wraps: equal where
      // neither happens
      boolean saturates = !from.isFloat() && via.isFloat() && to.isInteger();
      return !saturates || holds(to, from);
    }
    // low bits of low bits
    if (from.isInteger() && via.isInteger() && to.isInteger()) {
      return to.bits() <= via.bits();
    }
    // the cast from f64 to a small float goes through f32 by definition
    return from == DType.F64 && via == DType.F32 && to.isFloat() && to.bits() < 32;
  }

  /** True where every value of {@code inner} is a value of {@code outer}. */
  static boolean holds(DType outer, DType inner) {
    if (inner == outer || inner == DType.BOOL) {
      return true;
    }
    if (outer == DType.BOOL || (inner.isFloat() && !outer.isFloat())) {
      return false;
    }
    if (inner.isFloat()) {
      return significantBits(outer) >= significantBits(inner) && exponent(outer) >= exponent(inner);
    }
    boolean signed = inner.kind() == DType.Kind.SIGNED;
    if (outer.isFloat()) {
      // the largest magnitude of a signed integer is a power of two
      int bits = signed ? inner.bits() - 1 : inner.bits();
      return significantBits(outer) >= bits && exponent(outer) > inner.bits();
    }
    boolean outerSigned = outer.kind() == DType.Kind.SIGNED;
    return outerSigned == signed
        ? outer.bits() >= inner.bits()
        : outerSigned && outer.bits() > inner.bits();
  }

  /** Bits of a float's significand, the hidden one included. */
  private static int significantBits(DType type) {
    return switch (type) {
      case F64 -> 53;
      case F32 -> 24;
      case F16 -> 11;
      case BF16 -> 8;
      case F8E4M3 -> 4;
      case F8E5M2 -> 3;
      case I64, I32, I16, I8, I4, U64, U32, U16, U8, U4, BOOL -> 0;
    };
  }

  /** The exponent of a float's largest numbers; denormals reach as far down in each of them. */
  private static int exponent(DType type) {
    return switch (type) {
      case F64 -> 1023;
      case F32, BF16 -> 127;
      case F16, F8E5M2 -> 15;
      case F8E4M3 -> 8;
      case I64, I32, I16, I8, I4, U64, U32, U16, U8, U4, BOOL -> 0;
    };
  }
}
