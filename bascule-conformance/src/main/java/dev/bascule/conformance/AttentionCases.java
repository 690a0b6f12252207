package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Attention: one block of keys and several, biases of all shapes, causal or not, empty rows. */
final class AttentionCases {
  private AttentionCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
      boolean f32 = dtype == DType.F32;
      for (boolean causal : new boolean[] {false, true}) {
        // scale, queries, keys, key block
        cases.add(plain(dtype, causal, 5, 7, 64, f32));
        cases.add(plain(dtype, causal, 6, 11, 4, f32 && causal));
        cases.add(plain(dtype, causal, 9, 5, 4, false)); // the first queries see no key
        cases.add(plain(dtype, causal, 1, 33, 16, false));
      }
      cases.add(biases(dtype, 64, f32));
      cases.add(biases(dtype, 4, false));
      cases.add(masked(dtype, f32));
      cases.add(symbolic(dtype, f32));
    }
    cases.add(large());
    for (DType cache : List.of(DType.F32, DType.F16, DType.BF16)) {
      cases.add(cached(cache, 1, 33, new CachedAttention(0.25f, 33), cache == DType.F16));
      cases.add(cached(cache, 1, 70, new CachedAttention(0.25f, 64), false));
      cases.add(cached(cache, 7, 40, new CachedAttention(0.25f, 16), false));
      cases.add(cached(cache, 40, 40, new CachedAttention(0.25f, 8), false));
      cases.add(cached(cache, 3, 3, new CachedAttention(0.25f, 64), cache == DType.F32));
      cases.add(cached(cache, 1, 60, new CachedAttention(0.25f, 16, 21), cache == DType.F16));
      cases.add(cached(cache, 40, 50, new CachedAttention(0.25f, 8, 12), false));
    }
    cases.add(quantised(1, 70, 64, true));
    cases.add(quantised(9, 40, 16, false));
    return cases;
  }

  /** Queries [2, 3, q, 8], keys [2, 3, k, 8], values [2, 3, k, 6]. */
  private static List<Value> operands(Case.Draft draft, DType dtype, Dim q, Dim k) {
    Dim two = Dim.of(2);
    Dim three = Dim.of(3);
    Dim eight = Dim.of(8);
    var rule = Values.Spread.MODERATE;
    return List.of(
        draft.input("q", dtype, Shape.of(two, three, q, eight), rule),
        draft.input("k", dtype, Shape.of(two, three, k, eight), rule),
        draft.input("v", dtype, Shape.of(two, three, k, Dim.of(6)), rule));
  }

  private static void outputs(Case.Draft draft, String what, Attention op, List<Value> operands) {
    Node node = Node.of("", op, operands);
    draft.output("Attention " + what, node.results().get(0));
    draft.output("Attention " + what + " logSumExp", node.results().get(1));
  }

  private static Case plain(
      DType dtype, boolean causal, long q, long k, int keyBlock, boolean brief) {
    String name =
        "attention/%s%dx%d by %d/%s".formatted(causal ? "causal " : "", q, k, keyBlock, dtype);
    var draft = new Case.Draft(name, dtype);
    List<Value> operands = operands(draft, dtype, Dim.of(q), Dim.of(k));
    outputs(draft, "plain", new Attention(0.35f, causal, keyBlock), operands);
    return draft.brief(brief).run();
  }

  private static Case biases(DType dtype, int keyBlock, boolean brief) {
    var draft = new Case.Draft("attention/biases by " + keyBlock + "/" + dtype, dtype);
    List<Value> operands = operands(draft, dtype, Dim.of(5), Dim.of(10));
    var op = new Attention(0.5f, keyBlock == 4, keyBlock);
    long[][] shapes = {{2, 3, 5, 10}, {1, 1, 5, 10}, {2, 1, 1, 10}, {2, 3, 1, 1}, {1, 1, 1, 1}};
    for (int i = 0; i < shapes.length; i++) {
      Shape shape = Shape.of(shapes[i]);
      Value bias = draft.input("bias" + i, dtype, shape, Values.Spread.MODERATE);
      List<Value> all = new ArrayList<>(operands);
      all.add(bias);
      outputs(draft, "bias " + shape, op, all);
    }
    return draft.brief(brief).run();
  }

  /** Masks as models make them: -infinity where a key is padding; some rows have no key at all. */
  private static Case masked(DType dtype, boolean brief) {
    var draft = new Case.Draft("attention/masked/" + dtype, dtype);
    List<Value> operands = operands(draft, dtype, Dim.of(4), Dim.of(9));
    Value keep = draft.input("keep", DType.BOOL, Shape.of(2, 1, 4, 9), Values.Spread.ANY);
    Value some = draft.input("some", DType.BOOL, Shape.of(2, 1, 4, 1), Values.Spread.ANY);
    Value seen = Ops.apply(dev.bascule.core.graph.Elementwise.AND, keep, some);
    Value bias =
        Ops.select(
            seen,
            Ops.zeros(dtype, seen.shape()),
            Ops.fill(dtype, seen.shape(), Double.NEGATIVE_INFINITY));
    List<Value> all = new ArrayList<>(operands);
    all.add(bias);
    outputs(draft, "masked", new Attention(0.25f, false, 4), all);
    return draft.brief(brief).run();
  }

  /** One plan for a prompt, a step, and a longer cache. */
  private static Case symbolic(DType dtype, boolean brief) {
    var draft = new Case.Draft("attention/symbolic/" + dtype, dtype);
    Symbol q = new Symbol("q", 0, 64);
    Symbol k = new Symbol("k", 0, 64);
    List<Value> operands = operands(draft, dtype, Dim.of(q), Dim.of(k));
    outputs(draft, "symbolic", new Attention(0.3f, true, 32), operands);
    List<Bindings> runs = new ArrayList<>();
    for (long[] size : new long[][] {{7, 7}, {1, 40}, {33, 33}, {0, 5}, {3, 0}}) {
      runs.add(Bindings.NONE.with(q, size[0]).with(k, size[1]));
    }
    return draft.brief(brief).run(runs);
  }

  /** Enough to be split over threads, in blocks that do not divide the keys. */
  private static Case large() {
    var draft = new Case.Draft("attention/large/f32", DType.F32);
    var rule = Values.Spread.MODERATE;
    List<Value> operands =
        List.of(
            draft.input("q", DType.F32, Shape.of(1, 4, 70, 32), rule),
            draft.input("k", DType.F32, Shape.of(1, 4, 70, 32), rule),
            draft.input("v", DType.F32, Shape.of(1, 4, 70, 32), rule));
    outputs(draft, "large", new Attention(0.17f, false, 64), operands);
    return draft.brief(true).run();
  }

  /** The last {@code n} of {@code length} positions in a cache of 70, by heads that share it. */
  private static Case cached(DType cache, long n, long length, CachedAttention op, boolean brief) {
    String window = op.window() == 0 ? "" : " within " + op.window();
    String name =
        "attention/cached %d of %d by %d%s/%s".formatted(n, length, op.keyBlock(), window, cache);
    var draft = new Case.Draft(name, cache);
    var rule = Values.Spread.MODERATE;
    List<Value> operands =
        List.of(
            draft.input("q", DType.F32, Shape.of(n, 6, 16), rule),
            draft.input("k", cache, Shape.of(70, 2, 16), rule),
            draft.input("v", cache, Shape.of(70, 2, 24), rule),
            Constant.of(Tensor.of(new long[] {length}, 1)));
    Node node = Node.of("", op, operands);
    draft.output("CachedAttention", node.result());
    return draft.brief(brief).run();
  }

  /** The same with numbers of 8 bits, and a scale for each 32 of a key and 16 of a value. */
  private static Case quantised(long n, long length, int keyBlock, boolean brief) {
    String name = "attention/cached %d of %d by %d/q8".formatted(n, length, keyBlock);
    var draft = new Case.Draft(name, DType.I8);
    var rule = Values.Spread.MODERATE;
    List<Value> operands =
        List.of(
            draft.input("q", DType.F32, Shape.of(n, 6, 64), rule),
            draft.input("k", DType.I8, Shape.of(70, 2, 64), rule),
            draft.input("v", DType.I8, Shape.of(70, 2, 32), rule),
            Constant.of(Tensor.of(new long[] {length}, 1)),
            draft.input("key scales", DType.F16, Shape.of(70, 2, 2), rule),
            draft.input("value scales", DType.F16, Shape.of(70, 2, 2), rule));
    Node node = Node.of("", new CachedAttention(0.01f, keyBlock), operands);
    draft.output("CachedAttention", node.result());
    return draft.brief(brief).run();
  }
}
