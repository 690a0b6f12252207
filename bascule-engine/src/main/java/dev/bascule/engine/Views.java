package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Strided views for library kernels: the movement ops between an operand and the buffer its bytes
 * come from.
 */
final class Views {
  private Views() {}

  /** A view of {@code base}'s row-major bytes. */
  private record Strided(Value base, Affine element) {}

  /** The value that must be stored for a library kernel to read {@code operand} through strides. */
  static Value base(Value operand) {
    return strided(operand).base();
  }

  /**
   * How {@code operand} lies in the bytes of {@link #base}.
   *
   * @param weights values that will be constants when the plan is made
   */
  static View view(Value operand, Set<Value> weights) {
    Strided strided = strided(operand);
    List<Dim> strides = new ArrayList<>();
    for (int axis = 0; axis < operand.shape().rank(); axis++) {
      strides.add(strided.element.factor(axis));
    }
    boolean constant =
        strided.base.node().op() instanceof Constant || weights.contains(strided.base);
    return new View(operand.dtype(), operand.shape(), strided.element.offset(), strides, constant);
  }

  private static Strided strided(Value operand) {
    List<Dim> domain = operand.shape().dims();
    Value value = operand;
    IndexMap map = IndexMap.identity(operand.shape());
    while (true) {
      Optional<IndexMap> inner =
          switch (value.node().op()) {
            case Permute permute -> Optional.of(Maps.permute(permute, map));
            case Broadcast broadcast ->
                Optional.of(Maps.broadcast(broadcast, value.node().operand(0).shape(), map));
            case Slice slice -> Optional.of(Maps.slice(slice, map));
            case Reshape reshape ->
                IndexMap.split(map.linear(value.shape()), value.node().operand(0).shape(), domain);
            default -> Optional.empty();
          };
      if (inner.isEmpty()) {
        return new Strided(value, map.linear(value.shape()));
      }
      value = value.node().operand(0);
      map = inner.get();
    }
  }
}
