package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Kernel;
import java.util.List;

/**
 * A kernel and what it is run on.
 *
 * @param operands one per parameter of the kernel
 * @param runs the dimensions of each run; the kernel is compiled once
 */
public record KernelCase(
    String name, long seed, Kernel kernel, List<Operand> operands, List<Bindings> runs) {
  public KernelCase {
    operands = List.copyOf(operands);
    runs = List.copyOf(runs);
  }

  /**
   * The memory of one parameter.
   *
   * @param inPlaceOf the earlier parameter whose memory it shares, or -1
   */
  public record Operand(Dim elements, Values values, int inPlaceOf) {
    public Operand(Dim elements, Values values) {
      this(elements, values, -1);
    }
  }
}
