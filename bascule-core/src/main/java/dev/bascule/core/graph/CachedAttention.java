package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/**
 * Causal attention over a cache. The cache's capacity is a dimension, its length is data, so one
 * plan serves every step of a generation.
 *
 * <p>Operands: queries f32 [n, heads, d]; keys [capacity, kvHeads, d] and values [capacity,
 * kvHeads, v], f32 or narrower floats that are converted exactly; length i64 [1], the positions in
 * the cache with those of the queries as the last n. Query head h reads cache head h / (heads /
 * kvHeads). Result: f32 [n, heads, v].
 *
 * <p>Query i sees the keys up to {@code length - n + i}. Otherwise this is {@link Attention} with
 * blocks of {@code keyBlock} keys; what lies in the cache beyond what a query sees does not matter,
 * and 0 is added to each result, so that none is -0.
 */
public record CachedAttention(float scale, int keyBlock) implements Op, LibraryOp {
  public CachedAttention {
    if (keyBlock <= 0) {
      throw new ShapeException("CachedAttention: keyBlock must be positive, not " + keyBlock);
    }
  }

  @Override
  public String name() {
    return "CachedAttention";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 4);
    TensorType q = operands.get(0);
    TensorType k = operands.get(1);
    TensorType v = operands.get(2);
    boolean fits =
        q.dtype() == DType.F32
            && k.dtype().isFloat()
            && v.dtype() == k.dtype()
            && q.shape().rank() == 3
            && k.shape().rank() == 3
            && v.shape().rank() == 3
            && operands.get(3).equals(TensorType.of(DType.I64, Dim.ONE))
            && k.shape().dim(2).equals(q.shape().dim(2))
            && k.shape().dim(0).equals(v.shape().dim(0))
            && k.shape().dim(1).equals(v.shape().dim(1))
            && q.shape().dim(1).isConstant()
            && k.shape().dim(1).isConstant()
            && q.shape().dim(1).constant() % Math.max(1, k.shape().dim(1).constant()) == 0;
    if (!fits) {
      throw new ShapeException(
          "CachedAttention takes queries f32 [n, heads, d], keys [capacity, kvHeads, d] and values"
              + " [capacity, kvHeads, v] of one float dtype, heads a multiple of kvHeads, and the"
              + " length i64 [1]; got "
              + operands);
    }
    return List.of(TensorType.of(DType.F32, q.shape().dim(0), q.shape().dim(1), v.shape().dim(2)));
  }

  @Override
  public List<Value> decompose(Node node) {
    Value q = node.operand(0);
    Value keys = node.operand(1);
    Value values = node.operand(2);
    Dim n = q.shape().dim(0);
    Dim heads = q.shape().dim(1);
    Dim capacity = keys.shape().dim(0);
    Value length = node.operand(3);
    Shape scores = Shape.of(n, capacity);
    Value first = Ops.sub(length, Ops.dimension(n)); // of the queries; [1] minus a scalar
    Value last = Ops.add(Ops.iota(scores, 0), Ops.broadcast(first, scores));
    Value visible = Ops.le(Ops.iota(scores, 1), last);
    Value mask =
        Ops.select(
            visible,
            Ops.fill(DType.F32, scores, 0),
            Ops.fill(DType.F32, scores, Double.NEGATIVE_INFINITY));
    Value bias = Ops.reshape(mask, Shape.of(Dim.ONE, Dim.ONE, n, capacity));
    Value queries = Ops.unsqueeze(Ops.permute(q, List.of(1, 0, 2)), 0);
    Attention whole = new Attention(scale, false, keyBlock);
    Value out =
        Node.of(
                "",
                whole,
                List.of(
                    queries,
                    perHead(written(keys, length), heads),
                    perHead(written(values, length), heads),
                    bias))
            .result();
    Value result = Ops.permute(Ops.squeeze(out, 0), List.of(1, 0, 2));
    return List.of(Ops.add(result, Ops.like(result, 0)));
  }

  /** The cache in f32, with zeros where nothing is written yet. */
  private static Value written(Value cache, Value length) {
    Value wide = Ops.cast(cache, DType.F32);
    Value inside = Ops.lt(Ops.iota(wide.shape(), 0), Ops.broadcast(length, wide.shape()));
    return Ops.select(inside, wide, Ops.fill(DType.F32, wide.shape(), 0));
  }

  /** A cache [capacity, kvHeads, d] as [1, heads, capacity, d]. */
  private static Value perHead(Value cache, Dim heads) {
    Dim capacity = cache.shape().dim(0);
    Dim kvHeads = cache.shape().dim(1);
    Dim width = cache.shape().dim(2);
    Dim group = heads.floorDiv(kvHeads);
    Value byHead = Ops.unsqueeze(Ops.permute(cache, List.of(1, 0, 2)), 1);
    Value repeated = Ops.broadcast(byHead, Shape.of(kvHeads, group, capacity, width));
    return Ops.reshape(repeated, Shape.of(Dim.ONE, heads, capacity, width));
  }

  /** Through the decomposition. */
  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    throw new ShapeException("CachedAttention is differentiated through its decomposition");
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return evaluateDecomposed(node, operands, dims);
  }
}
