package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Symbol;
import dev.bascule.core.elementary.Elementary;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import java.util.List;
import java.util.Map;

/**
 * What attention does between its two matrix products, as kernels over one block of scores [query,
 * key]: the decomposition's steps, in its order.
 *
 * @param first weighs the first block: scores, bias, shift; then maximum, sum, factor
 * @param next weighs a later block and says by what to rescale
 * @param rescale multiplies the running output
 * @param finish divides the output by the sum, and gives the logarithm of the sum
 */
record AttentionSteps(KernelCode first, KernelCode next, KernelCode rescale, KernelCode finish)
    implements AutoCloseable {
  private static final Symbol QUERIES = new Symbol("queries", 0, Symbol.LIMIT);
  private static final Symbol KEYS = new Symbol("keys", 0, Symbol.LIMIT);
  private static final Symbol STRIDE = new Symbol("score stride", 0, Symbol.LIMIT);
  private static final Symbol CHANNELS = new Symbol("channels", 0, Symbol.LIMIT);

  /** Which keys of a block a query sees. */
  enum Visible {
    ALL,
    /** Those up to the shift plus the query's number. */
    CAUSAL,
    /** Those up to the shift. */
    LIMITED
  }

  /**
   * What is computed.
   *
   * @param window keys up to the last that a query sees, of which it sees no others; 0 for all
   * @param unsigned true where 0 is added to each result, so that none is -0
   */
  record Meaning(float scale, Visible visible, int window, boolean biased, boolean unsigned) {
    static Meaning of(Attention attention, boolean biased) {
      Visible visible = attention.causal() ? Visible.CAUSAL : Visible.ALL;
      return new Meaning(attention.scale(), visible, 0, biased, false);
    }
  }

  static AttentionSteps compile(CpuCode code, Meaning meaning) {
    return new AttentionSteps(
        weigh(code, meaning, true),
        weigh(code, meaning, false),
        rescale(code),
        finish(code, meaning));
  }

  static Bindings dims(long queries, long keys, long scoreStride, long channels) {
    return new Bindings(
        Map.of(QUERIES, queries, KEYS, keys, STRIDE, scoreStride, CHANNELS, channels));
  }

  /**
   * Operands: scores (in place), bias, shift, highest (in place), sum (in place), factor; each
   * bound twice where it is in place.
   */
  private static KernelCode weigh(CpuCode code, Meaning meaning, boolean isFirst) {
    List<Dim> domain = List.of(Dim.of(QUERIES), Dim.of(KEYS));
    KernelBuilder b = new KernelBuilder("attention weights", domain, 1);
    List<Dim> block = List.of(Dim.of(STRIDE), Dim.ONE);
    List<Dim> perQuery = List.of(Dim.ONE, Dim.ZERO);
    int scores = b.input("scores", DType.F32);
    int bias = b.input("bias", DType.F32);
    int shift = b.input("shift", DType.I64);
    int highestBefore = b.input("highest before", DType.F32);
    int sumBefore = b.input("sum before", DType.F32);
    int weights = b.output("weights", DType.F32);
    int highestAfter = b.output("highest", DType.F32);
    int sumAfter = b.output("sum", DType.F32);
    int factor = b.output("factor", DType.F32);
    Term lowest = b.constant(Float.NEGATIVE_INFINITY);

    Term score =
        b.mul(
            b.load(new Access(scores, Dim.ZERO, block)), b.number(ScalarType.F32, meaning.scale()));
    if (meaning.biased()) {
      score = b.add(score, b.load(new Access(bias, Dim.ZERO, block)));
    }
    if (meaning.visible() != Visible.ALL) {
      Term last = b.load(new Access(shift, Dim.ZERO, List.of(Dim.ZERO, Dim.ZERO)));
      if (meaning.visible() == Visible.CAUSAL) {
        last = b.add(b.index(0), last);
      }
      Term isSeen = b.le(b.index(1), last);
      if (meaning.window() > 0) {
        Term before = b.sub(last, b.constant((long) meaning.window()));
        isSeen = b.and(isSeen, b.lt(before, b.index(1)));
      }
      score = b.select(isSeen, score, lowest);
    }
    Term peak = b.reduce(Reduction.MAX, score);
    Term before = b.load(new Access(highestBefore, Dim.ZERO, perQuery));
    Term highest = isFirst ? peak : b.apply(Primitive.MAX, before, peak);
    Term anchor = b.select(b.eq(highest, lowest), b.constant(0f), highest);
    Term weight = Elementary.exp(b, b.sub(score, anchor));
    Term sum = b.reduce(Reduction.SUM, weight);
    if (!isFirst) {
      Term scaled = Elementary.exp(b, b.sub(before, anchor));
      Term old = b.load(new Access(sumBefore, Dim.ZERO, perQuery));
      sum = b.add(b.mul(old, scaled), sum);
      b.store(new Access(factor, Dim.ZERO, perQuery), scaled);
    }
    b.store(new Access(weights, Dim.ZERO, block), weight);
    b.store(new Access(highestAfter, Dim.ZERO, perQuery), highest);
    b.store(new Access(sumAfter, Dim.ZERO, perQuery), sum);
    return code.compile(b.build(), 1);
  }

  /** Operands: output, factor, output. */
  private static KernelCode rescale(CpuCode code) {
    List<Dim> domain = List.of(Dim.of(QUERIES), Dim.of(CHANNELS));
    KernelBuilder b = new KernelBuilder("attention rescale", domain, 0);
    List<Dim> rows = List.of(Dim.of(CHANNELS), Dim.ONE);
    Term out = b.load(new Access(b.input("before", DType.F32), Dim.ZERO, rows));
    Term factor =
        b.load(new Access(b.input("factor", DType.F32), Dim.ZERO, List.of(Dim.ONE, Dim.ZERO)));
    b.store(new Access(b.output("output", DType.F32), Dim.ZERO, rows), b.mul(out, factor));
    return code.compile(b.build(), 1);
  }

  /** Operands: output, highest, sum, output, logarithm of the sum. */
  private static KernelCode finish(CpuCode code, Meaning meaning) {
    List<Dim> domain = List.of(Dim.of(QUERIES), Dim.of(CHANNELS));
    KernelBuilder b = new KernelBuilder("attention finish", domain, 1);
    List<Dim> rows = List.of(Dim.of(CHANNELS), Dim.ONE);
    List<Dim> perQuery = List.of(Dim.ONE, Dim.ZERO);
    Term out = b.load(new Access(b.input("before", DType.F32), Dim.ZERO, rows));
    Term highest = b.load(new Access(b.input("highest", DType.F32), Dim.ZERO, perQuery));
    Term sum = b.load(new Access(b.input("sum", DType.F32), Dim.ZERO, perQuery));
    Term zero = b.constant(0f);
    Term result = b.select(b.eq(sum, zero), zero, b.div(out, sum));
    if (meaning.unsigned()) {
      result = b.add(result, zero);
    }
    b.store(new Access(b.output("output", DType.F32), Dim.ZERO, rows), result);
    Term log = b.add(highest, Elementary.log(b, sum));
    b.store(new Access(b.output("log sum", DType.F32), Dim.ZERO, perQuery), log);
    return code.compile(b.build(), 1);
  }

  @Override
  public void close() {
    first.close();
    next.close();
    rescale.close();
    finish.close();
  }
}
