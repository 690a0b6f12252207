package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Gather, scatter and non-zero; and the ops that turn shapes into values. */
final class IndexingCases {
  private IndexingCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : DType.values()) {
      boolean common = dtype == DType.F32 || dtype == DType.I64;
      cases.add(gathers(dtype, common));
      cases.add(scatters(dtype, common));
      cases.add(nonZero(dtype, dtype == DType.F32 || dtype == DType.BOOL));
    }
    cases.add(embedding());
    cases.add(shapes());
    return cases;
  }

  private static Case gathers(DType dtype, boolean brief) {
    var draft = new Case.Draft("gather/" + dtype, dtype);
    Value data = draft.input("data", dtype, Shape.of(7, 5, 9), Values.Spread.ANY);
    Value none = draft.input("none", DType.I64, Shape.of(0), below(7));
    Value some = draft.input("some", DType.I64, Shape.of(11), below(7));
    Value table = draft.input("table", DType.I64, Shape.of(2, 3), below(5));
    Value one = draft.input("one", DType.I64, Shape.SCALAR, below(9));
    draft.output("Gather 0", Ops.gather(data, some, 0));
    draft.output("Gather 1", Ops.gather(data, table, 1));
    draft.output("Gather 2", Ops.gather(data, one, 2));
    draft.output("Gather none", Ops.gather(data, none, 0));
    Value turned = Ops.permute(data, List.of(2, 0, 1)); // [9, 7, 5]
    draft.output("Gather turned", Ops.gather(turned, some, 1));
    return draft.brief(brief).run();
  }

  private static Values below(long extent) {
    return new Values.Below(Dim.of(extent));
  }

  private static Case scatters(DType dtype, boolean brief) {
    var draft = new Case.Draft("scatter/" + dtype, dtype);
    Value data = draft.input("data", dtype, Shape.of(6, 7), Values.Spread.MODERATE);
    Value updates = draft.input("updates", dtype, Shape.of(15, 7), Values.Spread.SPIKED);
    Value indices = draft.input("indices", DType.I64, Shape.of(15), below(6)); // some repeat
    for (Scatter.Kind kind : Scatter.Kind.values()) {
      if (kind == Scatter.Kind.SET || dtype != DType.BOOL) {
        draft.output("Scatter " + kind, Ops.scatter(kind, data, indices, updates));
      }
    }
    Value few = draft.input("few", dtype, Shape.of(0, 7), Values.Spread.ANY);
    Value nowhere = draft.input("nowhere", DType.I64, Shape.of(0), below(6));
    draft.output("Scatter none", Ops.scatter(Scatter.Kind.SET, data, nowhere, few));
    Value line = draft.input("line", dtype, Shape.of(9), Values.Spread.ANY);
    Value at = draft.input("at", DType.I64, Shape.of(4), below(9));
    Value with = draft.input("with", dtype, Shape.of(4), Values.Spread.ANY);
    draft.output("Scatter line", Ops.scatter(Scatter.Kind.SET, line, at, with));
    return draft.brief(brief).run();
  }

  /** A count that depends on values, and what is computed from it afterwards. */
  private static Case nonZero(DType dtype, boolean brief) {
    var draft = new Case.Draft("nonzero/" + dtype, dtype);
    Symbol count = new Symbol("count", 0, 91);
    Value x = draft.input("x", dtype, Shape.of(7, 13), Values.Spread.ANY);
    Value where = Node.value(new NonZero(count), x); // [2, count]
    draft.output("NonZero", where);
    Value rows = Ops.reshape(Ops.sliceAxis(where, 0, Dim.ZERO, Dim.ONE), Shape.of(Dim.of(count)));
    draft.output("NonZero gather", Ops.gather(x, rows, 0));
    draft.output("NonZero sum", Ops.sumAll(where));
    return draft.brief(brief).run();
  }

  /** A table large enough to be split over threads, looked up by one plan with several lengths. */
  private static Case embedding() {
    var draft = new Case.Draft("gather/embedding/f32", DType.F32);
    Symbol tokens = new Symbol("tokens", 0, 300);
    Value table = draft.input("table", DType.F32, Shape.of(500, 64), Values.Spread.ANY);
    Value ids = draft.input("ids", DType.I64, Shape.of(Dim.of(2), Dim.of(tokens)), below(500));
    Value rows = Ops.gather(table, ids, 0); // [2, tokens, 64]
    draft.output("Gather rows", rows);
    draft.output("Gather sum", Ops.sum(Ops.mul(rows, rows), List.of(-1), false));
    return draft
        .brief(true)
        .run(
            Bindings.NONE.with(tokens, 3),
            Bindings.NONE.with(tokens, 0),
            Bindings.NONE.with(tokens, 300));
  }

  private static Case shapes() {
    var draft = new Case.Draft("shapes/i64", DType.I64);
    Symbol n = new Symbol("n", 0, 60);
    Symbol m = new Symbol("m", 1, 33);
    Dim rows = Dim.of(n);
    Dim columns = Dim.of(m);
    Value x = draft.input("x", DType.I64, Shape.of(rows, columns), Values.Spread.ANY);
    draft.output("Iota 0", Ops.iota(Shape.of(rows, columns), 0));
    draft.output("Iota 1", Ops.iota(Shape.of(rows, columns), 1));
    draft.output("Iota used", Ops.add(x, Ops.iota(Shape.of(rows, columns), 1)));
    draft.output("DimensionValue", Ops.dimension(rows));
    draft.output("DimensionValue formula", Ops.dimension(formula(rows, columns)));
    draft.output("DimensionValue used", Ops.mul(x, Ops.dimension(rows)));
    return draft
        .brief(true)
        .run(
            Bindings.NONE.with(n, 5).with(m, 9),
            Bindings.NONE.with(n, 0).with(m, 1),
            Bindings.NONE.with(n, 60).with(m, 33));
  }

  private static Dim formula(Dim rows, Dim columns) {
    return rows.times(columns).plus(3).floorDiv(Dim.of(2)).max(columns).mod(Dim.of(101));
  }
}
