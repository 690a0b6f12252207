package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Matrix products: orientations, batches, initial values, constant weights, what follows them. */
final class MatmulCases {
  /** m, k, n: one element, vectors, nothing, tiles of usual kernels and their neighbours. */
  private static final long[][] SIZES = {
    {1, 1, 1},
    {1, 64, 33},
    {33, 64, 1},
    {5, 7, 9},
    {16, 32, 16},
    {17, 33, 65},
    {0, 4, 5},
    {4, 0, 5},
    {4, 5, 0},
    {100, 70, 130}
  };

  private MatmulCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (long[] size : SIZES) {
      cases.add(orientations(DType.F32, size[0], size[1], size[2], size[0] == 17));
    }
    for (DType dtype : DType.values()) {
      if (dtype != DType.BOOL) {
        boolean common = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.I32;
        cases.add(orientations(dtype, 6, 19, 10, false));
        cases.add(symbolic(dtype, common));
        cases.add(batches(dtype, dtype == DType.F32));
      }
    }
    for (DType dtype : List.of(DType.F32, DType.F64, DType.BF16)) {
      cases.add(constants(dtype, dtype == DType.F32));
      cases.add(epilogues(dtype, dtype == DType.F32));
    }
    return cases;
  }

  private static Value operand(
      Case.Draft draft, String label, DType dtype, long rows, long columns, boolean transposed) {
    Shape shape = transposed ? Shape.of(columns, rows) : Shape.of(rows, columns);
    Value input = draft.input(label, dtype, shape, Values.Spread.MODERATE);
    return transposed ? Ops.transpose(input) : input;
  }

  private static Case orientations(DType dtype, long m, long k, long n, boolean brief) {
    String name = "matmul/" + m + "x" + k + "x" + n + "/" + dtype;
    var draft = new Case.Draft(name, dtype);
    Value a = operand(draft, "a", dtype, m, k, false);
    Value at = operand(draft, "at", dtype, m, k, true);
    Value b = operand(draft, "b", dtype, k, n, false);
    Value bt = operand(draft, "bt", dtype, k, n, true);
    Value spiked = draft.input("s", dtype, Shape.of(m, k), Values.Spread.SPIKED);
    Value start = draft.input("start", dtype, Shape.of(m, n), Values.Spread.MODERATE);
    draft.output("Matmul NN", Ops.matmul(a, b));
    draft.output("Matmul NT", Ops.matmul(a, bt));
    draft.output("Matmul TN", Ops.matmul(at, b));
    draft.output("Matmul TT", Ops.matmul(at, bt));
    draft.output("Matmul special", Ops.matmul(spiked, b));
    draft.output("Matmul initial", Node.value(new Matmul(), a, bt, start));
    return draft.brief(brief).run();
  }

  /** One plan for several row counts. */
  private static Case symbolic(DType dtype, boolean brief) {
    var draft = new Case.Draft("matmul/symbolic/" + dtype, dtype);
    Symbol m = new Symbol("m", 0, 40);
    Symbol k = new Symbol("k", 0, 33);
    Value a = draft.input("a", dtype, Shape.of(Dim.of(m), Dim.of(k)), Values.Spread.MODERATE);
    Value b = draft.input("b", dtype, Shape.of(Dim.of(k), Dim.of(12)), Values.Spread.MODERATE);
    draft.output("Matmul", Ops.matmul(a, b));
    Value self = Ops.matmul(a, Ops.transpose(a)); // [m, m]
    draft.output("Matmul gram", self);
    List<Bindings> runs = new ArrayList<>();
    for (long[] size : new long[][] {{1, 20}, {9, 8}, {0, 3}, {3, 0}, {40, 33}}) {
      runs.add(Bindings.NONE.with(m, size[0]).with(k, size[1]));
    }
    return draft.brief(brief).run(runs);
  }

  private static Case batches(DType dtype, boolean brief) {
    var draft = new Case.Draft("matmul/batches/" + dtype, dtype);
    Value a = draft.input("a", dtype, Shape.of(2, 1, 4, 9), Values.Spread.MODERATE);
    Value b = draft.input("b", dtype, Shape.of(3, 9, 5), Values.Spread.MODERATE);
    Value c = draft.input("c", dtype, Shape.of(2, 3, 5, 9), Values.Spread.MODERATE);
    draft.output("Matmul broadcast", Ops.matmul(a, b));
    Value heads = Ops.permute(c, List.of(0, 2, 1, 3)); // [2, 5, 3, 9]
    draft.output("Matmul heads", Ops.matmul(heads, Ops.transpose(heads)));
    Value vector = draft.input("v", dtype, Shape.of(9), Values.Spread.MODERATE);
    draft.output("Matmul vector", Ops.matmul(c, vector));
    return draft.brief(brief).run();
  }

  /** Weights that never change, which devices may lay out anew. */
  private static Case constants(DType dtype, boolean brief) {
    var draft = new Case.Draft("matmul/constants/" + dtype, dtype);
    Symbol m = new Symbol("m", 1, 128);
    Value x = draft.input("x", dtype, Shape.of(Dim.of(m), Dim.of(40)), Values.Spread.MODERATE);
    draft.output("Matmul weight", Ops.matmul(x, constant(dtype, 1, 40, 50)));
    draft.output("Matmul transposed", Ops.matmul(x, Ops.transpose(constant(dtype, 2, 35, 40))));
    draft.output("Matmul one", Ops.matmul(x, constant(dtype, 3, 40, 1)));
    return draft
        .brief(brief)
        .run(Bindings.NONE.with(m, 1), Bindings.NONE.with(m, 7), Bindings.NONE.with(m, 100));
  }

  private static Value constant(DType dtype, long seed, long... extents) {
    var random = new SplittableRandom(seed);
    return Constant.of(Inputs.draw(dtype, extents, Values.Spread.MODERATE, Bindings.NONE, random));
  }

  /** A bias, an activation, a residual and a cast behind the product. */
  private static Case epilogues(DType dtype, boolean brief) {
    var draft = new Case.Draft("matmul/epilogues/" + dtype, dtype);
    Value x = draft.input("x", dtype, Shape.of(2, 9, 24), Values.Spread.MODERATE);
    Value bias = draft.input("bias", dtype, Shape.of(31), Values.Spread.MODERATE);
    Value residual = draft.input("residual", dtype, Shape.of(2, 9, 31), Values.Spread.MODERATE);
    Value product = Ops.add(Ops.matmul(x, constant(dtype, 4, 24, 31)), bias);
    draft.output("Matmul gelu", Functions.gelu(product));
    draft.output("Matmul residual", Ops.add(product, residual));
    draft.output("Matmul relu", Functions.relu(Ops.matmul(x, constant(dtype, 5, 24, 20))));
    Value narrow = Ops.cast(Ops.matmul(x, constant(dtype, 6, 24, 17)), DType.F16);
    draft.output("Matmul narrow", narrow);
    draft.output("Matmul heads", heads(Ops.matmul(x, constant(dtype, 7, 24, 30))));
    return draft.brief(brief).run();
  }

  /** [batch, tokens, 30] as [batch, 5, tokens, 6]. */
  private static Value heads(Value x) {
    return Ops.permute(Ops.reshape(x, Shape.of(2, 9, 5, 6)), List.of(0, 2, 1, 3));
  }
}
