package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.Map;

/** How the declared type of an input and the tensor given for it meet. */
public final class Shapes {
  private Shapes() {}

  /**
   * {@code dims} with the symbols that {@code declared} names bound by {@code given}; refuses a
   * tensor of another dtype, rank or extent, and a symbol that would get two values. {@code what}
   * names the tensor in errors.
   */
  public static Bindings bind(String what, TensorType declared, Tensor given, Bindings dims) {
    if (declared.dtype() != given.dtype() || declared.shape().rank() != given.rank()) {
      throw new ShapeException(what + " must be " + declared + ", got " + given);
    }
    Bindings bound = dims;
    for (int axis = 0; axis < given.rank(); axis++) {
      Dim dim = declared.shape().dim(axis);
      Symbol symbol = dim.symbols().size() == 1 ? dim.symbols().iterator().next() : null;
      if (symbol != null && dim.equals(Dim.of(symbol)) && !bound.values().containsKey(symbol)) {
        bound = bound.with(symbol, given.extent(axis));
      } else if (dim.evaluate(bound) != given.extent(axis)) {
        throw new ShapeException(
            what
                + " must be "
                + declared
                + ", got "
                + given
                + ": axis "
                + axis
                + " should be "
                + dim.evaluate(bound));
      }
    }
    return bound;
  }

  static Tensor known(Map<Value, Tensor> known, Value value) {
    Tensor tensor = known.get(value);
    if (tensor == null) {
      throw new IllegalStateException(value + " was not computed");
    }
    return tensor;
  }
}
