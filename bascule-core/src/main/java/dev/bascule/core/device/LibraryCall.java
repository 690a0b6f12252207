package dev.bascule.core.device;

import dev.bascule.core.graph.Op;
import dev.bascule.core.kernel.Kernel;
import java.util.List;
import java.util.Optional;

/**
 * One library op to run: the op with its attributes, where operands and results lie, and optionally
 * what follows in place.
 *
 * @param epilogue a Map kernel over the result seen as [rows, n], where n is the result's last
 *     dimension and rows the product of the others. Its first parameter is the raw result (input),
 *     its last the final result (output, in the same slice, at the same access); its other inputs
 *     become further operands after the op's own. It has no coordinates ({@code Index}) and no
 *     data-dependent loads, so it may run on any sub-rectangle with shifted bases.
 */
public record LibraryCall(
    String name, Op op, List<View> operands, List<View> results, Optional<Kernel> epilogue) {
  public LibraryCall {
    operands = List.copyOf(operands);
    results = List.copyOf(results);
  }

  /** The same call under another name. */
  public LibraryCall named(String other) {
    return new LibraryCall(other, op, operands, results, epilogue);
  }
}
