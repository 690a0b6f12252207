package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Storage;
import java.util.Optional;

/**
 * One number that fills a whole value.
 *
 * @param bits as {@link dev.bascule.core.kernel.Scalars} bits
 */
record Literal(DType dtype, long bits) {
  /** Larger constants are not searched for equal elements. */
  private static final int ELEMENTS_MAX = 4096;

  /** The number that fills {@code value}, where it is known to be filled by one. */
  static Optional<Literal> of(Value value) {
    Op op = value.node().op();
    if (op instanceof Broadcast) {
      return of(value.node().operand(0));
    }
    if (!(op instanceof Constant constant)) {
      return Optional.empty();
    }
    Tensor tensor = constant.tensor();
    if (tensor.elements() == 0 || tensor.elements() > ELEMENTS_MAX) {
      return Optional.empty();
    }
    long first = tensor.get(0);
    for (long i = 1; i < tensor.elements(); i++) {
      if (tensor.get(i) != first) {
        return Optional.empty();
      }
    }
    return Optional.of(new Literal(tensor.dtype(), first));
  }

  /** True where {@code value} is filled by {@code number}; tells -0 from 0. */
  static boolean is(Value value, double number) {
    Optional<Literal> literal = of(value);
    return literal.isPresent() && literal.get().bits == Storage.bits(literal.get().dtype, number);
  }

  double number() {
    return Storage.number(dtype, bits);
  }
}
