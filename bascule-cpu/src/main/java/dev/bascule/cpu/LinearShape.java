package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.quant.WeightType;
import java.util.List;

/**
 * The dimensions of a linear layer.
 *
 * @param tokens rows of x
 * @param k columns of x
 * @param experts 1 where rows are not grouped
 * @param types of the weights
 * @param rows of each weight (of each expert)
 */
record LinearShape(
    long tokens, long k, int experts, boolean grouped, List<WeightType> types, long[] rows) {
  static LinearShape of(LibraryCall call, Bindings dims) {
    Linear linear = (Linear) call.op();
    View x = call.operands().getFirst();
    long[] rows = new long[linear.weights().size()];
    long experts = 1;
    for (int i = 0; i < rows.length; i++) {
      View weight = call.operands().get(i + 1);
      int rank = weight.shape().rank();
      rows[i] = weight.shape().dim(rank - 2).evaluate(dims);
      experts = rank == 3 ? weight.shape().dim(0).evaluate(dims) : 1;
    }
    return new LinearShape(
        x.shape().dim(0).evaluate(dims),
        x.shape().dim(1).constant(),
        Math.toIntExact(experts),
        linear.grouped(),
        linear.weights(),
        rows);
  }

  int weights() {
    return rows.length;
  }
}
