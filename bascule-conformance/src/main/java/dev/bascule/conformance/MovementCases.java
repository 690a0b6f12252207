package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Ops that move elements without changing them, on every dtype. */
final class MovementCases {
  private MovementCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : DType.values()) {
      boolean brief = dtype == DType.F32 || dtype == DType.I8 || dtype == DType.I64;
      cases.add(movement(dtype, brief));
      cases.add(symbolic(dtype, dtype == DType.F32));
    }
    cases.add(chains());
    cases.add(degenerate());
    return cases;
  }

  private static Case movement(DType dtype, boolean brief) {
    var draft = new Case.Draft("movement/" + dtype, dtype);
    Value x = draft.input("x", dtype, Shape.of(3, 5, 14), Values.Spread.ANY);
    Value y = draft.input("y", dtype, Shape.of(3, 4, 14), Values.Spread.ANY);
    Value scalar = draft.input("s", dtype, Shape.SCALAR, Values.Spread.ANY);
    draft.output("Permute 201", Ops.permute(x, List.of(2, 0, 1)));
    draft.output("Permute 021", Ops.permute(x, List.of(0, 2, 1)));
    draft.output("Reshape", Ops.reshape(x, Shape.of(7, 30)));
    draft.output("Reshape permuted", Ops.reshape(Ops.transpose(x), Shape.of(6, 35)));
    draft.output("Broadcast new", Ops.broadcast(x, Shape.of(2, 3, 5, 14)));
    draft.output("Broadcast scalar", Ops.broadcast(scalar, Shape.of(3, 7)));
    draft.output("Slice steps", slice(x, new long[] {0, 4, 1}, new long[] {3, 3, 6}, 1, -2, 2));
    draft.output("Slice none", slice(x, new long[] {1, 0, 0}, new long[] {2, 0, 14}, 1, 1, 1));
    draft.output("Slice flip", Ops.flip(x, 2));
    draft.output("Pad", pad(x, scalar, Dim.of(1), Dim.of(2)));
    draft.output("Concat 1", Ops.concat(List.of(x, y, x), 1));
    draft.output("Concat 0", Ops.concat(List.of(y, y), 0));
    draft.output("Concat 2", Ops.concat(List.of(x, Ops.flip(x, 0)), 2));
    return draft.brief(brief).run();
  }

  private static Value slice(Value x, long[] starts, long[] sizes, long... steps) {
    List<Dim> from = new ArrayList<>();
    List<Dim> size = new ArrayList<>();
    List<Long> step = new ArrayList<>();
    for (int axis = 0; axis < starts.length; axis++) {
      from.add(Dim.of(starts[axis]));
      size.add(Dim.of(sizes[axis]));
      step.add(steps[axis]);
    }
    return Node.value(new Slice(from, size, step), x);
  }

  /** {@code low} before the first axis, {@code high} after the last. */
  private static Value pad(Value x, Value value, Dim low, Dim high) {
    int rank = x.shape().rank();
    List<Dim> lows = new ArrayList<>(Collections.nCopies(rank, Dim.ZERO));
    List<Dim> highs = new ArrayList<>(Collections.nCopies(rank, Dim.ZERO));
    lows.set(0, low);
    highs.set(rank - 1, high);
    return Node.value(new Pad(lows, highs), x, value);
  }

  private static Case symbolic(DType dtype, boolean brief) {
    var draft = new Case.Draft("movement/symbolic/" + dtype, dtype);
    Symbol n = new Symbol("n", 0, 401);
    Dim dim = Dim.of(n);
    Value x = draft.input("x", dtype, Shape.of(Dim.of(4), dim), Values.Spread.ANY);
    Value zero = draft.input("s", dtype, Shape.SCALAR, Values.Spread.ANY);
    draft.output("Permute", Ops.transpose(x));
    draft.output("Reshape", Ops.reshape(x, Shape.of(dim, Dim.of(4))));
    draft.output("Reshape flat", Ops.reshape(Ops.transpose(x), Shape.of(dim.times(4))));
    draft.output("Slice half", Ops.sliceAxis(x, 1, Dim.ZERO, dim.floorDiv(Dim.of(2))));
    draft.output("Slice flip", Ops.flip(x, 1));
    draft.output("Pad", pad(x, zero, Dim.of(2), dim));
    draft.output("Concat", Ops.concat(List.of(x, x), 1));
    draft.output("Broadcast", Ops.broadcast(x, Shape.of(Dim.of(3), Dim.of(4), dim)));
    return draft
        .brief(brief)
        .run(Bindings.NONE.with(n, 13), Bindings.NONE.with(n, 0), Bindings.NONE.with(n, 401));
  }

  /** Views of views, which an engine folds into index maps, and the places where it cannot. */
  private static Case chains() {
    var draft = new Case.Draft("movement/chains/f32", DType.F32);
    Value x = draft.input("x", DType.F32, Shape.of(4, 6, 10), Values.Spread.ANY);
    Value zero = draft.input("s", DType.F32, Shape.SCALAR, Values.Spread.ANY);
    Value padded = pad(x, zero, Dim.of(2), Dim.of(3)); // [6, 6, 13]
    draft.output("Slice pad", slice(padded, new long[] {5, 0, 1}, new long[] {6, 3, 6}, -1, 2, 2));
    draft.output("Pad pad", pad(padded, zero, Dim.of(1), Dim.of(1)));
    Value merged = Ops.reshape(Ops.permute(x, List.of(1, 0, 2)), Shape.of(24, 10));
    draft.output("Reshape split", Ops.permute(Ops.reshape(merged, Shape.of(6, 2, 20)), order()));
    Value part = slice(x, new long[] {0, 1, 0}, new long[] {4, 4, 5}, 1, 1, 2);
    draft.output("Reshape part", Ops.reshape(part, Shape.of(80)));
    Value both = Ops.concat(List.of(Ops.flip(x, 1), x), 0); // [8, 6, 10]
    draft.output(
        "Slice concat", slice(both, new long[] {2, 0, 9}, new long[] {5, 6, 10}, 1, 1, -1));
    draft.output("Concat sums", Ops.concat(List.of(Ops.add(x, x), Ops.mul(x, x)), 2));
    Value row = Ops.reshape(Ops.sliceAxis(x, 0, Dim.of(2), Dim.ONE), Shape.of(6, 10));
    draft.output("Broadcast part", Ops.broadcast(row, Shape.of(3, 6, 10)));
    return draft.brief(true).run();
  }

  private static List<Integer> order() {
    return List.of(2, 0, 1);
  }

  /** Scalars, single elements and empty tensors. */
  private static Case degenerate() {
    var draft = new Case.Draft("movement/degenerate/f32", DType.F32);
    Value scalar = draft.input("scalar", DType.F32, Shape.SCALAR, Values.Spread.ANY);
    Value one = draft.input("one", DType.F32, Shape.of(1, 1), Values.Spread.ANY);
    Value empty = draft.input("empty", DType.F32, Shape.of(3, 0), Values.Spread.ANY);
    draft.output("Reshape scalar", Ops.reshape(scalar, Shape.of(1, 1, 1)));
    draft.output("Reshape one", Ops.reshape(one, Shape.SCALAR));
    draft.output("Permute one", Ops.transpose(one));
    draft.output("Permute empty", Ops.transpose(empty));
    draft.output("Reshape empty", Ops.reshape(empty, Shape.of(0, 7)));
    draft.output("Concat empty", Ops.concat(List.of(empty, Ops.broadcast(one, Shape.of(3, 1))), 1));
    draft.output("Pad empty", pad(empty, scalar, Dim.of(1), Dim.of(2)));
    draft.output("Broadcast none", Ops.broadcast(scalar, Shape.of(0, 4)));
    return draft.brief(true).run();
  }
}
