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
 * <p>Keys and values may be i8 in blocks with a scale each; then two operands more are the scales
 * of the keys, f16 [capacity, kvHeads, d / block], and those of the values, f16 [capacity, kvHeads,
 * v / block], and what is cached is a number times its scale, which is exact in f32.
 *
 * <p>Query i sees the keys up to {@code p = length - n + i}, and where there is a window only those
 * from {@code p - window + 1} on. Otherwise this is {@link Attention} with blocks of {@code
 * keyBlock} keys; what lies in the cache beyond what a query sees does not matter, and 0 is added
 * to each result, so that none is -0.
 *
 * @param window keys that a query sees at most, itself included; 0 for all
 */
public record CachedAttention(float scale, int keyBlock, int window) implements Op, LibraryOp {
  public CachedAttention {
    if (keyBlock <= 0) {
      throw new ShapeException("CachedAttention: keyBlock must be positive, not " + keyBlock);
    }
    if (window < 0) {
      throw new ShapeException(
          "CachedAttention: window must be positive, or 0 for none, not " + window);
    }
  }

  /** Without a window. */
  public CachedAttention(float scale, int keyBlock) {
    this(scale, keyBlock, 0);
  }

  @Override
  public String name() {
    return "CachedAttention";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    boolean isScaled = operands.size() == 6;
    requireOperands(operands, isScaled ? 6 : 4);
    TensorType q = operands.get(0);
    TensorType k = operands.get(1);
    TensorType v = operands.get(2);
    boolean fits =
        q.dtype() == DType.F32
            && (isScaled ? k.dtype() == DType.I8 : k.dtype().isFloat())
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
            && q.shape().dim(1).constant() % Math.max(1, k.shape().dim(1).constant()) == 0
            && (!isScaled || (scales(k, operands.get(4)) && scales(v, operands.get(5))));
    if (!fits) {
      throw new ShapeException(
          "CachedAttention takes queries f32 [n, heads, d], keys [capacity, kvHeads, d] and values"
              + " [capacity, kvHeads, v] of one float dtype, heads a multiple of kvHeads, and the"
              + " length i64 [1]; or keys and values i8 and after the length their scales f16,"
              + " one for each block of equal size along the last axis; got "
              + operands);
    }
    return List.of(TensorType.of(DType.F32, q.shape().dim(0), q.shape().dim(1), v.shape().dim(2)));
  }

  private static boolean scales(TensorType numbers, TensorType scales) {
    return scales.dtype() == DType.F16
        && scales.shape().rank() == 3
        && scales.shape().dim(0).equals(numbers.shape().dim(0))
        && scales.shape().dim(1).equals(numbers.shape().dim(1))
        && numbers.shape().dim(2).isConstant()
        && scales.shape().dim(2).isConstant()
        && scales.shape().dim(2).constant() > 0
        && numbers.shape().dim(2).constant() % scales.shape().dim(2).constant() == 0;
  }

  @Override
  public List<Value> decompose(Node node) {
    Value q = node.operand(0);
    boolean isScaled = node.operands().size() == 6;
    Value keys = isScaled ? scaled(node.operand(1), node.operand(4)) : node.operand(1);
    Value values = isScaled ? scaled(node.operand(2), node.operand(5)) : node.operand(2);
    Dim n = q.shape().dim(0);
    Dim heads = q.shape().dim(1);
    Dim capacity = keys.shape().dim(0);
    Value length = node.operand(3);
    Shape scores = Shape.of(n, capacity);
    Value first = Ops.sub(length, Ops.dimension(n)); // of the queries; [1] minus a scalar
    Value last = Ops.add(Ops.iota(scores, 0), Ops.broadcast(first, scores));
    Value key = Ops.iota(scores, 1);
    Value visible = Ops.le(key, last);
    if (window > 0) {
      Value before = Ops.sub(last, Ops.fill(DType.I64, scores, window));
      visible = Ops.apply(Elementwise.AND, visible, Ops.lt(before, key));
    }
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

  /** Numbers of a cache times the scales of their blocks, in f32. */
  private static Value scaled(Value numbers, Value scales) {
    Dim blocks = scales.shape().dim(2);
    Dim block = numbers.shape().dim(2).floorDiv(blocks);
    Shape inBlocks = Shape.of(numbers.shape().dim(0), numbers.shape().dim(1), blocks, block);
    Value wide = Ops.reshape(Ops.cast(numbers, DType.F32), inBlocks);
    Value factors = Ops.unsqueeze(Ops.cast(scales, DType.F32), 3);
    Value product = Ops.mul(wide, Ops.broadcast(factors, inBlocks));
    return Ops.reshape(product, numbers.shape());
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
