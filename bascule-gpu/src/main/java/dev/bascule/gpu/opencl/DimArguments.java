package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The dimensions that a source reads: literals, or {@code long} arguments d0, d1, ... */
final class DimArguments {
  private final boolean literals;
  private final Map<Dim, String> names = new LinkedHashMap<>();

  private DimArguments(boolean literals) {
    this.literals = literals;
  }

  /** Constants become literals, which compile to the best code; all others arguments. */
  static DimArguments withLiterals() {
    return new DimArguments(true);
  }

  /** All but 0 and 1 become arguments, so that one program serves all sizes. */
  static DimArguments forAllSizes() {
    return new DimArguments(false);
  }

  /** {@code dim} as C text. */
  String text(Dim dim) {
    boolean literal = dim.isConstant() && (literals || dim.is(0) || dim.is(1));
    return literal
        ? "%dL".formatted(dim.constant())
        : names.computeIfAbsent(dim, _ -> "d" + names.size());
  }

  /** The dimensions that became arguments, in their order. */
  List<Dim> dimensions() {
    return List.copyOf(names.keySet());
  }

  /** Their declarations, each after a comma. */
  String declarations() {
    StringBuilder text = new StringBuilder();
    names.values().forEach(name -> text.append(", long ").append(name));
    return text.toString();
  }

  /** Sets the arguments from {@code index} on; gives the index after them. */
  static int bind(OpenClKernel kernel, int index, List<Dim> dimensions, Bindings dims) {
    int next = index;
    for (Dim dim : dimensions) {
      kernel.argument(next++, dim.evaluate(dims));
    }
    return next;
  }
}
