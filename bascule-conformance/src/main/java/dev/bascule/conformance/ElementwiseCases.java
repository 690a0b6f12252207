package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Every elementwise op on every dtype it takes. */
final class ElementwiseCases {
  /** How many ops share a graph. */
  private static final int GROUP = 12;

  private static final long[] LENGTHS = {0, 1, 33, 1000};
  private static final long LARGE = 20_011;

  private ElementwiseCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : DType.values()) {
      List<Elementwise> ops = new ArrayList<>();
      for (Elementwise op : Elementwise.values()) {
        if (op.takes(dtype)) {
          ops.add(op);
        }
      }
      for (int from = 0; from < ops.size(); from += GROUP) {
        List<Elementwise> group = ops.subList(from, Math.min(ops.size(), from + GROUP));
        String name = dtype + "/" + group.getFirst() + ".." + group.getLast();
        cases.add(vector(name, dtype, group));
        boolean brief = dtype == DType.F32 || dtype == DType.I8;
        cases.add(scalar(name, dtype, group, brief && from == 0));
        cases.add(views(name, dtype, group, brief && from == 0));
        cases.add(broadcast(name, dtype, group, brief));
      }
    }
    return cases;
  }

  private static void outputs(Case.Draft draft, List<Elementwise> ops, Value[] x, Value condition) {
    for (Elementwise op : ops) {
      Value[] operands = new Value[op.arity()];
      for (int i = 0; i < operands.length; i++) {
        operands[i] = op == Elementwise.SELECT && i == 0 ? condition : x[i];
      }
      draft.output(op.toString(), Ops.apply(op, operands));
    }
  }

  /** One plan for lengths from none to many. */
  private static Case vector(String name, DType dtype, List<Elementwise> ops) {
    var draft = new Case.Draft("elementwise/vector/" + name, dtype);
    Symbol n = new Symbol("n", 0, LARGE);
    Shape shape = Shape.of(Dim.of(n));
    outputs(draft, ops, operands(draft, dtype, shape), condition(draft, shape));
    List<Bindings> runs = new ArrayList<>();
    for (long length : LENGTHS) {
      runs.add(Bindings.NONE.with(n, length));
    }
    if (dtype == DType.F32 || dtype == DType.I64) {
      runs.add(Bindings.NONE.with(n, LARGE));
    }
    return draft.brief(true).run(runs);
  }

  private static Case scalar(String name, DType dtype, List<Elementwise> ops, boolean brief) {
    var draft = new Case.Draft("elementwise/scalar/" + name, dtype);
    outputs(draft, ops, operands(draft, dtype, Shape.SCALAR), condition(draft, Shape.SCALAR));
    return draft.brief(brief).run();
  }

  /** Operands that are a transpose, a part with steps, and a flip. */
  private static Case views(String name, DType dtype, List<Elementwise> ops, boolean brief) {
    var draft = new Case.Draft("elementwise/views/" + name, dtype);
    Value[] x = {
      Ops.transpose(input(draft, "x0", dtype, Shape.of(17, 5))),
      stepped(input(draft, "x1", dtype, Shape.of(7, 40))),
      Ops.flip(Ops.flip(input(draft, "x2", dtype, Shape.of(5, 17)), 1), 0)
    };
    Value condition = Ops.transpose(input(draft, "c", DType.BOOL, Shape.of(17, 5)));
    outputs(draft, ops, x, condition);
    return draft.brief(brief).run();
  }

  /** Rows 1 to 5 of 7; of 40 columns every second, backwards from column 36. */
  private static Value stepped(Value x) {
    return Node.value(
        new Slice(List.of(Dim.of(1), Dim.of(36)), List.of(Dim.of(5), Dim.of(17)), List.of(1L, -2L)),
        x);
  }

  /** A column, a row and a whole matrix meet; the extents are odd. */
  private static Case broadcast(String name, DType dtype, List<Elementwise> ops, boolean brief) {
    var draft = new Case.Draft("elementwise/broadcast/" + name, dtype);
    Value[] x = {
      input(draft, "x0", dtype, Shape.of(3, 7, 1)),
      input(draft, "x1", dtype, Shape.of(19)),
      input(draft, "x2", dtype, Shape.of(3, 1, 19))
    };
    outputs(draft, ops, x, input(draft, "c", DType.BOOL, Shape.of(7, 19)));
    return draft.brief(brief).run();
  }

  private static Value[] operands(Case.Draft draft, DType dtype, Shape shape) {
    return new Value[] {
      input(draft, "x0", dtype, shape),
      input(draft, "x1", dtype, shape),
      input(draft, "x2", dtype, shape)
    };
  }

  private static Value condition(Case.Draft draft, Shape shape) {
    return input(draft, "c", DType.BOOL, shape);
  }

  private static Value input(Case.Draft draft, String label, DType dtype, Shape shape) {
    return draft.input(label, dtype, shape, Values.Spread.ANY);
  }
}
