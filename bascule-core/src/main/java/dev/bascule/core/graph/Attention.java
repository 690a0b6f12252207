package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Scaled dot-product attention without the whole score matrix.
 *
 * <p>Operands: queries [batch, heads, q, d], keys [batch, heads, k, d], values [batch, heads, k,
 * v], and optionally a bias that is added to the scores, [batch, heads, q, k] with any of its
 * dimensions 1. Results: out [batch, heads, q, v], and the logarithm of the sum of exponentials
 * [batch, heads, q, 1].
 *
 * <p>Keys are taken in blocks of {@code keyBlock}, ascending; blocking is part of the meaning,
 * because rounding can see it. Per block: scores are a {@link Matmul} times {@code scale}, plus the
 * bias, with keys after {@code query + (k - q)} at -infinity when {@code causal}; the running
 * maximum m, the running sum l (32-lane order within a block) and the running output are rescaled
 * by {@code exp(m_old - m_new)} before the block is added, the output by sequential fma from its
 * rescaled value. At the end the output is divided by l; a row whose keys are all masked gives 0.
 */
public record Attention(float scale, boolean causal, int keyBlock) implements Op, LibraryOp {
  /** Blocks beyond this many would make the decomposition absurdly long. */
  private static final long BLOCKS_MAX = 256;

  public Attention {
    if (keyBlock <= 0) {
      throw new ShapeException("Attention: keyBlock must be positive, not " + keyBlock);
    }
  }

  @Override
  public String name() {
    return "Attention";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    if (operands.size() != 3 && operands.size() != 4) {
      throw new ShapeException(
          "Attention takes queries, keys, values and an optional bias, got " + operands);
    }
    TensorType q = operands.get(0);
    TensorType k = operands.get(1);
    TensorType v = operands.get(2);
    boolean fits =
        q.dtype().isFloat()
            && operands.stream().allMatch(o -> o.dtype() == q.dtype() && o.shape().rank() == 4);
    for (int axis = 0; fits && axis < 2; axis++) {
      fits =
          q.shape().dim(axis).equals(k.shape().dim(axis))
              && q.shape().dim(axis).equals(v.shape().dim(axis));
    }
    fits =
        fits
            && q.shape().dim(3).equals(k.shape().dim(3))
            && k.shape().dim(2).equals(v.shape().dim(2));
    if (!fits) {
      throw new ShapeException(
          "Attention takes queries [b, h, q, d], keys [b, h, k, d] and values [b, h, k, v] of one float dtype, got "
              + operands);
    }
    Shape scores = Shape.of(q.shape().dim(0), q.shape().dim(1), q.shape().dim(2), k.shape().dim(2));
    if (operands.size() == 4) {
      new Broadcast(scores).infer(List.of(operands.get(3)));
    }
    List<Dim> out = new ArrayList<>(q.shape().dims());
    out.set(3, v.shape().dim(3));
    List<Dim> sums = new ArrayList<>(q.shape().dims());
    sums.set(3, Dim.ONE);
    return List.of(
        new TensorType(q.dtype(), new Shape(out)), new TensorType(q.dtype(), new Shape(sums)));
  }

  /** The number of key blocks for the largest declared key count. */
  public int blocks(Dim keys) {
    long blocks = Math.max(1, Math.ceilDiv(keys.max(), (long) keyBlock));
    if (blocks > BLOCKS_MAX) {
      throw new ShapeException(
          "Attention over up to "
              + keys.max()
              + " keys in blocks of "
              + keyBlock
              + " would take "
              + blocks
              + " blocks; declare a smaller range for dimension "
              + keys
              + " or a larger key block");
    }
    return (int) blocks;
  }

  @Override
  public List<Value> decompose(Node node) {
    Value q = node.operand(0);
    Value keys = node.operand(1);
    Value values = node.operand(2);
    Dim keyCount = keys.shape().dim(2);
    int blocks = blocks(keyCount);
    Shape sums = node.results().get(1).shape();
    Value highest = Ops.fill(q.dtype(), sums, Double.NEGATIVE_INFINITY);
    Value sum = Ops.zeros(q.dtype(), sums);
    Value out = Ops.zeros(q.dtype(), node.result().shape());
    for (int i = 0; i < blocks; i++) {
      Dim start = Dim.of((long) i * keyBlock).min(keyCount);
      Dim size = blocks == 1 ? keyCount : keyCount.minus(start).min(Dim.of(keyBlock));
      Value scores = scores(node, start, size);
      Value peak = Ops.reduce(Reduce.Kind.MAX, scores, List.of(3), true);
      Value newHighest = i == 0 ? peak : Ops.max(highest, peak);
      // a row without any key so far has no maximum: subtract 0 instead, so that its exponentials
      // are 0
      Value none = Ops.eq(newHighest, Ops.like(newHighest, Double.NEGATIVE_INFINITY));
      Value anchor = Ops.select(none, Ops.like(newHighest, 0), newHighest);
      Value weights = Ops.exp(Ops.sub(scores, Ops.broadcast(anchor, scores.shape())));
      Value blockSum = Ops.reduce(Reduce.Kind.SUM, weights, List.of(3), true);
      Value block = Ops.sliceAxis(values, 2, start, size);
      if (i == 0) {
        sum = blockSum;
        out = Ops.matmul(weights, block);
      } else {
        Value factor = Ops.exp(Ops.sub(highest, anchor));
        sum = Ops.add(Ops.mul(sum, factor), blockSum);
        Value rescaled = Ops.mul(out, Ops.broadcast(factor, out.shape()));
        out = Node.value(new Matmul(), weights, block, rescaled);
      }
      highest = newHighest;
    }
    Value empty = Ops.eq(sum, Ops.like(sum, 0));
    Value result =
        Ops.select(
            Ops.broadcast(empty, out.shape()),
            Ops.like(out, 0),
            Ops.div(out, Ops.broadcast(sum, out.shape())));
    return List.of(result, Ops.add(highest, Ops.log(sum)));
  }

  /** Masked, biased scores of one block: [batch, heads, q, size]. */
  private Value scores(Node node, Dim start, Dim size) {
    Value q = node.operand(0);
    Value block = Ops.sliceAxis(node.operand(1), 2, start, size);
    Value scores = Ops.matmul(q, Ops.transpose(block));
    scores = Ops.mul(scores, Ops.like(scores, scale));
    if (node.operands().size() == 4) {
      Value bias = node.operand(3);
      Value part =
          bias.shape().dim(3).is(1) && !node.operand(1).shape().dim(2).is(1)
              ? bias
              : Ops.sliceAxis(bias, 3, start, size);
      scores = Ops.add(scores, Ops.broadcast(part, scores.shape()));
    }
    if (causal) {
      Value query = Ops.iota(scores.shape(), 2);
      Value key = Ops.iota(scores.shape(), 3);
      Dim shift = node.operand(1).shape().dim(2).minus(q.shape().dim(2)).minus(start);
      Value last = Ops.add(query, Ops.broadcast(Ops.dimension(shift), scores.shape()));
      scores = Ops.select(Ops.le(key, last), scores, Ops.like(scores, Double.NEGATIVE_INFINITY));
    }
    return scores;
  }

  /** Through the decomposition: its gradient is the op's. */
  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    throw new ShapeException("Attention is differentiated through its decomposition");
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return evaluateDecomposed(node, operands, dims);
  }
}
