package dev.bascule.core.device;

import dev.bascule.core.graph.Op;
import dev.bascule.core.kernel.Kernel;
import java.util.List;
import java.util.Optional;

/**
 * One library op to run: the op with its attributes, where operands and results lie, and optionally
 * what follows in place.
 *
 * @param epilogue a Map kernel over the result's elements whose first parameter is the raw result
 *     (input), last the final result (output, same slice when types agree); its other inputs become
 *     further operands after the op's own
 */
public record LibraryCall(
    String name, Op op, List<View> operands, List<View> results, Optional<Kernel> epilogue) {
  public LibraryCall {
    operands = List.copyOf(operands);
    results = List.copyOf(results);
  }
}
