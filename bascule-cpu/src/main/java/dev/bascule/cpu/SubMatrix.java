package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A Map kernel over [rows, columns], made to run on any rectangle of them: its bases become
 * arguments. The kernel has no coordinates, so nothing else moves.
 */
final class SubMatrix {
  private static final Symbol ROW = new Symbol("first row", 0, Symbol.LIMIT);
  private static final Symbol COLUMN = new Symbol("first column", 0, Symbol.LIMIT);
  private static final Symbol ROWS = new Symbol("rows", 0, Symbol.LIMIT);
  private static final Symbol COLUMNS = new Symbol("columns", 0, Symbol.LIMIT);

  private SubMatrix() {}

  /** True where {@link #of} serves. */
  static boolean fits(Kernel kernel) {
    return !kernel.isRow()
        && kernel.domain().size() == 2
        && kernel.body().stream()
            .noneMatch(
                step -> step instanceof Instruction.Index || step instanceof Instruction.LoadAt);
  }

  static Kernel of(Kernel kernel) {
    return new Kernel(
        kernel.name(),
        List.of(Dim.of(ROWS), Dim.of(COLUMNS)),
        0,
        kernel.parameters(),
        kernel.body().stream().map(SubMatrix::shifted).toList());
  }

  private static Instruction shifted(Instruction step) {
    return switch (step) {
      case Instruction.Load load ->
          new Instruction.Load(shifted(load.access()), load.mask(), load.type());
      case Instruction.Store store ->
          new Instruction.Store(shifted(store.access()), store.value(), store.mask(), store.type());
      case Instruction.LoadAt load -> load;
      case Instruction.Constant constant -> constant;
      case Instruction.Index index -> index;
      case Instruction.Extent extent -> extent;
      case Instruction.Compute compute -> compute;
      case Instruction.Reduce reduce -> reduce;
    };
  }

  private static Access shifted(Access access) {
    Dim offset =
        access
            .offset()
            .plus(Dim.of(ROW).times(access.strides().get(0)))
            .plus(Dim.of(COLUMN).times(access.strides().get(1)));
    return new Access(access.parameter(), offset, access.strides());
  }

  /** The kernel's dimensions and those of one rectangle. */
  static Bindings dims(Bindings dims, long row, long rows, long column, long columns) {
    Map<Symbol, Long> values = new HashMap<>(dims.values());
    values.put(ROW, row);
    values.put(ROWS, rows);
    values.put(COLUMN, column);
    values.put(COLUMNS, columns);
    return new Bindings(values);
  }
}
