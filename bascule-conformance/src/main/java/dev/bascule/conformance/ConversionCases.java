package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Casts between all pairs of dtypes, and bitcasts between those of equal width. */
final class ConversionCases {
  private ConversionCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType from : DType.values()) {
      cases.add(casts(from));
      if (from.bits() >= 32) {
        cases.add(bitcasts(from));
      }
    }
    return cases;
  }

  private static Case casts(DType from) {
    var draft = new Case.Draft("cast/" + from, from);
    Symbol n = new Symbol("n", 0, 1501);
    Value x = draft.input("x", from, Shape.of(Dim.of(n)), Values.Spread.ANY);
    for (DType to : DType.values()) {
      if (to != from) {
        draft.output("Cast " + to, Ops.cast(x, to));
      }
    }
    return draft.brief(true).run(Bindings.NONE.with(n, 1501), Bindings.NONE.with(n, 0));
  }

  private static Case bitcasts(DType from) {
    var draft = new Case.Draft("bitcast/" + from, from);
    Value x = draft.input("x", from, Shape.of(13, 29), Values.Spread.ANY);
    for (DType to : DType.values()) {
      if (to.bits() == from.bits()) {
        draft.output("Bitcast " + to, Node.value(new Bitcast(to), x));
      }
    }
    return draft.brief(from == DType.F32 || from == DType.I64).run();
  }
}
