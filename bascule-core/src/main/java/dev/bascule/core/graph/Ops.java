package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How graphs are written: a static method per op. Binary methods broadcast their operands against
 * each other as NumPy does; nothing is cast silently.
 */
public final class Ops {
  private Ops() {}

  // --- constants

  public static Value scalar(DType dtype, double value) {
    return Constant.of(Tensor.scalar(dtype, value));
  }

  /** {@code value} everywhere, in {@code shape}. */
  public static Value fill(DType dtype, Shape shape, double value) {
    return broadcast(scalar(dtype, value), shape);
  }

  public static Value zeros(DType dtype, Shape shape) {
    return fill(dtype, shape, 0);
  }

  /** {@code value} in the type of {@code other}. */
  public static Value like(Value other, double value) {
    return fill(other.dtype(), other.shape(), value);
  }

  public static Value dimension(Dim dim) {
    return dim.isConstant()
        ? Constant.of(Tensor.of(new long[] {dim.constant()}))
        : Node.value(new DimensionValue(dim));
  }

  public static Value iota(Shape shape, int axis) {
    return Node.value(new Iota(shape, axis));
  }

  // --- elementwise

  public static Value apply(Elementwise op, Value... operands) {
    Shape shape = operands[0].shape();
    for (Value operand : operands) {
      shape = common(op.toString(), shape, operand.shape());
    }
    Value[] same = new Value[operands.length];
    for (int i = 0; i < same.length; i++) {
      same[i] = broadcast(operands[i], shape);
    }
    return Node.value(op, same);
  }

  /** The shape two operands broadcast to. */
  public static Shape common(String op, Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    Dim[] dims = new Dim[rank];
    for (int axis = 0; axis < rank; axis++) {
      int i = axis - rank + a.rank();
      int j = axis - rank + b.rank();
      Dim left = i < 0 ? Dim.ONE : a.dim(i);
      Dim right = j < 0 ? Dim.ONE : b.dim(j);
      if (!left.equals(right) && !left.is(1) && !right.is(1)) {
        throw new ShapeException(
            op
                + ": shapes "
                + a
                + " and "
                + b
                + " do not broadcast: "
                + left
                + " against "
                + right);
      }
      dims[axis] = left.is(1) ? right : left;
    }
    return Shape.of(dims);
  }

  public static Value neg(Value x) {
    return apply(Elementwise.NEG, x);
  }

  public static Value sign(Value x) {
    return apply(Elementwise.SIGN, x);
  }

  public static Value sqrt(Value x) {
    return apply(Elementwise.SQRT, x);
  }

  public static Value exp(Value x) {
    return apply(Elementwise.EXP, x);
  }

  public static Value log(Value x) {
    return apply(Elementwise.LOG, x);
  }

  public static Value tanh(Value x) {
    return apply(Elementwise.TANH, x);
  }

  public static Value erf(Value x) {
    return apply(Elementwise.ERF, x);
  }

  public static Value add(Value a, Value b) {
    return apply(Elementwise.ADD, a, b);
  }

  public static Value sub(Value a, Value b) {
    return apply(Elementwise.SUB, a, b);
  }

  public static Value mul(Value a, Value b) {
    return apply(Elementwise.MUL, a, b);
  }

  public static Value div(Value a, Value b) {
    return apply(Elementwise.DIV, a, b);
  }

  public static Value pow(Value a, Value b) {
    return apply(Elementwise.POW, a, b);
  }

  public static Value min(Value a, Value b) {
    return apply(Elementwise.MIN, a, b);
  }

  public static Value max(Value a, Value b) {
    return apply(Elementwise.MAX, a, b);
  }

  public static Value eq(Value a, Value b) {
    return apply(Elementwise.EQ, a, b);
  }

  public static Value lt(Value a, Value b) {
    return apply(Elementwise.LT, a, b);
  }

  public static Value le(Value a, Value b) {
    return apply(Elementwise.LE, a, b);
  }

  public static Value select(Value condition, Value a, Value b) {
    return apply(Elementwise.SELECT, condition, a, b);
  }

  public static Value cast(Value x, DType to) {
    return x.dtype() == to ? x : Node.value(new Cast(to), x);
  }

  // --- reductions

  /**
   * Folds {@code axes} (negative count from the end); {@code keep} leaves them with extent 1. No
   * axes gives x itself.
   */
  public static Value reduce(Reduce.Kind kind, Value x, List<Integer> axes, boolean keep) {
    List<Integer> sorted =
        axes.stream().map(axis -> x.shape().axis(axis)).distinct().sorted().toList();
    return sorted.isEmpty() ? x : Node.value(new Reduce(kind, sorted, keep), x);
  }

  public static Value sum(Value x, List<Integer> axes, boolean keep) {
    return reduce(Reduce.Kind.SUM, x, axes, keep);
  }

  /** The sum of all elements, as a scalar. */
  public static Value sumAll(Value x) {
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      axes.add(axis);
    }
    return sum(x, axes, false);
  }

  /** The sum divided by the number of elements folded. */
  public static Value mean(Value x, List<Integer> axes, boolean keep) {
    Dim count = Dim.ONE;
    for (int axis : axes) {
      count = count.times(x.shape().dim(x.shape().axis(axis)));
    }
    Value sum = sum(x, axes, keep);
    return div(sum, broadcast(cast(dimension(count), x.dtype()), sum.shape()));
  }

  // --- movement

  public static Value reshape(Value x, Shape shape) {
    return x.shape().equals(shape) ? x : Node.value(new Reshape(shape), x);
  }

  public static Value broadcast(Value x, Shape shape) {
    return x.shape().equals(shape) ? x : Node.value(new Broadcast(shape), x);
  }

  public static Value permute(Value x, List<Integer> order) {
    for (int i = 0; i < order.size(); i++) {
      if (order.get(i) != i) {
        return Node.value(new Permute(order), x);
      }
    }
    return order.size() == x.shape().rank() ? x : Node.value(new Permute(order), x);
  }

  /** Swaps the last two axes. */
  public static Value transpose(Value x) {
    List<Integer> order = new ArrayList<>();
    int rank = x.shape().rank();
    for (int axis = 0; axis < rank - 2; axis++) {
      order.add(axis);
    }
    order.add(rank - 1);
    order.add(rank - 2);
    return permute(x, order);
  }

  /** A new axis of extent 1 before {@code axis}. */
  public static Value unsqueeze(Value x, int axis) {
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.add(axis, Dim.ONE);
    return reshape(x, new Shape(dims));
  }

  public static Value slice(Value x, List<Dim> starts, List<Dim> sizes) {
    boolean whole =
        sizes.equals(x.shape().dims()) && starts.stream().allMatch(start -> start.is(0));
    return whole
        ? x
        : Node.value(new Slice(starts, sizes, Collections.nCopies(sizes.size(), 1L)), x);
  }

  /** {@code size} elements of one axis from {@code start}. */
  public static Value sliceAxis(Value x, int axis, Dim start, Dim size) {
    List<Dim> starts = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ZERO));
    List<Dim> sizes = new ArrayList<>(x.shape().dims());
    starts.set(axis, start);
    sizes.set(axis, size);
    return slice(x, starts, sizes);
  }

  /** Reverses an axis. */
  public static Value flip(Value x, int axis) {
    List<Dim> starts = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ZERO));
    List<Long> steps = new ArrayList<>(Collections.nCopies(x.shape().rank(), 1L));
    starts.set(axis, x.shape().dim(axis).plus(-1));
    steps.set(axis, -1L);
    return Node.value(new Slice(starts, x.shape().dims(), steps), x);
  }

  /** {@code step - 1} zeros between the elements of an axis. */
  static Value dilate(Value x, int axis, long step) {
    if (step == 1) {
      return x;
    }
    Dim extent = x.shape().dim(axis);
    Value wide = padAxis(unsqueeze(x, axis + 1), axis + 1, Dim.ZERO, Dim.of(step - 1));
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.set(axis, extent.times(step));
    return sliceAxis(
        reshape(wide, new Shape(dims)),
        axis,
        Dim.ZERO,
        extent.times(step).minus(Dim.of(step - 1)).max(Dim.ZERO));
  }

  /** Zeros around one axis. */
  static Value padAxis(Value x, int axis, Dim low, Dim high) {
    List<Dim> lows = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ZERO));
    List<Dim> highs = new ArrayList<>(lows);
    lows.set(axis, low);
    highs.set(axis, high);
    return pad(x, lows, highs);
  }

  /** Zeros around {@code x}. */
  public static Value pad(Value x, List<Dim> low, List<Dim> high) {
    boolean nothing = low.stream().allMatch(d -> d.is(0)) && high.stream().allMatch(d -> d.is(0));
    return nothing ? x : Node.value(new Pad(low, high), x, scalar(x.dtype(), 0));
  }

  public static Value concat(List<Value> parts, int axis) {
    return parts.size() == 1
        ? parts.getFirst()
        : Node.of("", new Concat(parts.getFirst().shape().axis(axis)), parts).result();
  }

  public static Value gather(Value data, Value indices, int axis) {
    return Node.value(new Gather(data.shape().axis(axis)), data, indices);
  }

  public static Value scatter(Scatter.Kind kind, Value data, Value indices, Value updates) {
    return Node.value(new Scatter(kind), data, indices, updates);
  }

  // --- library ops

  /**
   * Matrix product with NumPy's rules: vectors are rows on the left, columns on the right; batch
   * dimensions broadcast.
   */
  public static Value matmul(Value a, Value b) {
    if (a.shape().rank() == 1) {
      Value product = matmul(unsqueeze(a, 0), b);
      return squeeze(product, product.shape().rank() - (b.shape().rank() == 1 ? 1 : 2));
    }
    if (b.shape().rank() == 1) {
      Value product = matmul(a, unsqueeze(b, 1));
      return squeeze(product, product.shape().rank() - 1);
    }
    if (a.shape().rank() == 0 || b.shape().rank() == 0) {
      throw new ShapeException("Matmul does not take scalars: " + a.type() + " and " + b.type());
    }
    Shape batch = common("Matmul batch", batch(a), batch(b));
    return Node.value(new Matmul(), withBatch(a, batch), withBatch(b, batch));
  }

  private static Shape batch(Value x) {
    return new Shape(x.shape().dims().subList(0, x.shape().rank() - 2));
  }

  private static Value withBatch(Value x, Shape batch) {
    List<Dim> dims = new ArrayList<>(batch.dims());
    dims.addAll(x.shape().dims().subList(x.shape().rank() - 2, x.shape().rank()));
    return broadcast(x, new Shape(dims));
  }

  /** Removes an axis of extent 1. */
  public static Value squeeze(Value x, int axis) {
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.remove(axis);
    return reshape(x, new Shape(dims));
  }
}
