package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The dimensions that a source reads: constants become literals, all others {@code long} arguments
 * d0, d1, ...
 */
final class DimArguments {
  private final Map<Dim, String> names = new LinkedHashMap<>();

  /** {@code dim} as C text. */
  String text(Dim dim) {
    return dim.isConstant()
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
