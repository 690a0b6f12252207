package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Dot;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Every kind of reduction on every dtype, over all sorts of axes; and dot products. */
final class ReductionCases {
  private static final List<List<Integer>> AXES =
      List.of(List.of(2), List.of(1), List.of(0), List.of(0, 2), List.of(1, 2), List.of(0, 1, 2));

  private ReductionCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : DType.values()) {
      boolean common = dtype == DType.F32 || dtype == DType.I64;
      cases.add(rows(dtype));
      for (List<Integer> axes : AXES) {
        cases.add(axes(dtype, axes, dtype == DType.F32));
      }
      cases.add(views(dtype, common));
      cases.add(degenerate(dtype, common));
      if (dtype != DType.BOOL) {
        cases.add(dots(dtype, common));
      }
    }
    cases.add(large());
    return cases;
  }

  /** Sums of anything are mostly NaN, which hides errors: floats are drawn tamely for them. */
  private static Values.Spread spread(DType dtype, Reduce.Kind kind) {
    boolean folds = kind == Reduce.Kind.SUM || kind == Reduce.Kind.PRODUCT;
    return folds && dtype.isFloat() ? Values.Spread.SPIKED : Values.Spread.ANY;
  }

  private static List<Reduce.Kind> kinds(DType dtype) {
    return dtype == DType.BOOL
        ? List.of(Reduce.Kind.MAX, Reduce.Kind.MIN)
        : List.of(Reduce.Kind.values());
  }

  private static void outputs(
      Case.Draft draft, DType dtype, Shape shape, List<Integer> axes, boolean keep) {
    for (Reduce.Kind kind : kinds(dtype)) {
      Value x = draft.input("x" + kind, dtype, shape, spread(dtype, kind));
      Reduce op = new Reduce(kind, axes, keep);
      draft.output(op.name() + " " + axes, Node.value(op, x));
    }
  }

  /** One plan for rows from empty to long; the lane count and its neighbours are among them. */
  private static Case rows(DType dtype) {
    var draft = new Case.Draft("reduce/rows/" + dtype, dtype);
    Symbol rows = new Symbol("rows", 0, 5);
    Symbol n = new Symbol("n", 0, 1000);
    outputs(draft, dtype, Shape.of(Dim.of(rows), Dim.of(n)), List.of(1), false);
    List<Bindings> runs = new ArrayList<>();
    for (long length : new long[] {0, 1, 31, 32, 33, 64, 1000}) {
      runs.add(Bindings.NONE.with(rows, length == 1000 ? 2 : 5).with(n, length));
    }
    runs.add(Bindings.NONE.with(rows, 0).with(n, 7));
    return draft.brief(true).run(runs);
  }

  private static Case axes(DType dtype, List<Integer> axes, boolean brief) {
    var draft = new Case.Draft("reduce/axes" + axes + "/" + dtype, dtype);
    outputs(draft, dtype, Shape.of(3, 11, 37), axes, axes.size() % 2 == 1);
    return draft.brief(brief).run();
  }

  /** Rows that are columns of something, every second element of something, or repeated. */
  private static Case views(DType dtype, boolean brief) {
    var draft = new Case.Draft("reduce/views/" + dtype, dtype);
    Reduce.Kind kind = dtype == DType.BOOL ? Reduce.Kind.MIN : Reduce.Kind.SUM;
    Value x = draft.input("x", dtype, Shape.of(45, 6), Values.Spread.MODERATE);
    draft.output("Reduce" + text(kind) + " flipped", fold(kind, Ops.flip(Ops.transpose(x), 1)));
    Value row = draft.input("row", dtype, Shape.of(1, 45), Values.Spread.MODERATE);
    Value repeated = Ops.broadcast(row, Shape.of(6, 45));
    draft.output("Reduce" + text(kind) + " repeated", fold(kind, repeated));
    return draft.brief(brief).run();
  }

  private static String text(Reduce.Kind kind) {
    return new Reduce(kind, List.of(0), false).name().substring("Reduce".length());
  }

  private static Value fold(Reduce.Kind kind, Value x) {
    return Node.value(new Reduce(kind, List.of(1), false), x);
  }

  /** Extents of 1 and 0 among the axes. */
  private static Case degenerate(DType dtype, boolean brief) {
    var draft = new Case.Draft("reduce/degenerate/" + dtype, dtype);
    Reduce.Kind kind = Reduce.Kind.MAX;
    Value one = draft.input("one", dtype, Shape.of(4, 1), Values.Spread.ANY);
    draft.output("ReduceMax one", fold(kind, one));
    Value empty = draft.input("empty", dtype, Shape.of(3, 0), Values.Spread.ANY);
    draft.output("ReduceMax empty", fold(kind, empty));
    Value none = draft.input("none", dtype, Shape.of(0, 3), Values.Spread.ANY);
    draft.output("ReduceMax none", fold(kind, none));
    return draft.brief(brief).run();
  }

  private static Case dots(DType dtype, boolean brief) {
    var draft = new Case.Draft("dot/" + dtype, dtype);
    Symbol n = new Symbol("n", 0, 77);
    Shape shape = Shape.of(Dim.of(6), Dim.of(n));
    Value a = draft.input("a", dtype, shape, Values.Spread.SPIKED);
    Value b = draft.input("b", dtype, shape, Values.Spread.MODERATE);
    Value start = draft.input("start", dtype, Shape.of(6), Values.Spread.MODERATE);
    draft.output("Dot", Node.value(new Dot(), a, b, start));
    return draft
        .brief(brief)
        .run(Bindings.NONE.with(n, 77), Bindings.NONE.with(n, 0), Bindings.NONE.with(n, 1));
  }

  /** Enough to be split over threads: many rows, one long row, long columns. */
  private static Case large() {
    var draft = new Case.Draft("reduce/large/f32", DType.F32);
    Value many = draft.input("many", DType.F32, Shape.of(700, 60), Values.Spread.MODERATE);
    draft.output("ReduceSum rows", fold(Reduce.Kind.SUM, many));
    draft.output("ReduceSum columns", Ops.sum(many, List.of(0), false));
    draft.output("ReduceSum all", Ops.sumAll(many));
    Value row = draft.input("row", DType.F32, Shape.of(1, 40_001), Values.Spread.MODERATE);
    draft.output("ReduceMax row", fold(Reduce.Kind.MAX, row));
    return draft.brief(true).run();
  }
}
