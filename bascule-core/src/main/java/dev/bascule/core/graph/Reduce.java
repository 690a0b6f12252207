package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Scalars;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Folds axes, in the order that {@link Reduction} states: the row is the flattened, row-major index
 * over {@code axes}. Sums and products of narrow types accumulate in the scalar type and are
 * rounded or wrapped once.
 *
 * @param axes ascending, without repetition
 * @param keep true keeps the axes with extent 1
 */
public record Reduce(Kind kind, List<Integer> axes, boolean keep) implements Op {
  /** The folds, and the kernel reduction of each. */
  public enum Kind {
    SUM(Reduction.SUM),
    PRODUCT(Reduction.PRODUCT),
    MAX(Reduction.MAX),
    MIN(Reduction.MIN);

    private final Reduction reduction;

    Kind(Reduction reduction) {
      this.reduction = reduction;
    }

    public Reduction reduction() {
      return reduction;
    }
  }

  public Reduce {
    axes = List.copyOf(axes);
    int last = -1;
    for (int axis : axes) {
      if (axis <= last) {
        throw new ShapeException("Reduce axes must ascend from 0 without repetition, got " + axes);
      }
      last = axis;
    }
  }

  @Override
  public String name() {
    return "Reduce"
        + kind.name().charAt(0)
        + kind.name().substring(1).toLowerCase(java.util.Locale.ROOT);
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    TensorType operand = operands.getFirst();
    if (operand.dtype().scalar() == ScalarType.BOOL && (kind == Kind.SUM || kind == Kind.PRODUCT)) {
      throw new ShapeException(
          name() + " does not take bool: cast first, or use max (any) or min (all)");
    }
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < operand.shape().rank(); axis++) {
      if (!axes.contains(axis)) {
        dims.add(operand.shape().dim(axis));
      } else if (keep) {
        dims.add(Dim.ONE);
      }
    }
    for (int axis : axes) {
      operand.shape().axis(axis);
    }
    return List.of(new TensorType(operand.dtype(), new Shape(dims)));
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Value x = node.operand(0);
    return List.of(
        results.getFirst().map(g -> gradient(x, Ops.broadcast(kept(x, g), x.shape()), node)));
  }

  private Value kept(Value operand, Value reduced) {
    List<Dim> dims = new ArrayList<>(operand.shape().dims());
    axes.forEach(axis -> dims.set(axis, Dim.ONE));
    return Ops.reshape(reduced, new Shape(dims));
  }

  private Value gradient(Value x, Value g, Node node) {
    return switch (kind) {
      case SUM -> g;
      // undefined where x is 0
      case PRODUCT -> Ops.div(Ops.mul(g, Ops.broadcast(kept(x, node.result()), x.shape())), x);
      case MAX, MIN -> {
        // ties share evenly
        Value hit =
            Ops.cast(Ops.eq(x, Ops.broadcast(kept(x, node.result()), x.shape())), x.dtype());
        Value count = Ops.broadcast(Ops.reduce(Kind.SUM, hit, axes, true), x.shape());
        yield Ops.mul(g, Ops.div(hit, count));
      }
    };
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor operand = operands.getFirst();
    int rank = operand.rank();
    List<Integer> order = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      if (!axes.contains(axis)) {
        order.add(axis);
      }
    }
    order.addAll(axes);
    Tensor rows = new Permute(order).evaluate(node, operands, dims).getFirst();
    long row = 1;
    for (int axis : axes) {
      row *= operand.extent(axis);
    }
    Tensor result = Tensor.zeros(operand.dtype(), node.result().shape().evaluate(dims));
    for (long i = 0; i < result.elements(); i++) {
      result.set(i, Conversions.settle(operand.dtype(), fold(rows, i * row, row)));
    }
    return List.of(result);
  }

  private long fold(Tensor rows, long start, long length) {
    ScalarType type = rows.dtype().scalar();
    long[] lanes = new long[Reduction.LANES];
    java.util.Arrays.fill(lanes, identity(rows.dtype()));
    for (long i = 0; i < length; i++) {
      int lane = (int) (i % Reduction.LANES);
      lanes[lane] = combine(rows.dtype(), type, lanes[lane], rows.get(start + i));
    }
    for (int half = Reduction.LANES / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        lanes[lane] = combine(rows.dtype(), type, lanes[lane], lanes[lane + half]);
      }
    }
    return lanes[0];
  }

  private long identity(DType dtype) {
    boolean wideUnsigned = dtype == DType.U32 || dtype == DType.U64;
    if (wideUnsigned && kind == Kind.MAX) {
      return 0;
    }
    return wideUnsigned && kind == Kind.MIN ? -1 : kind.reduction().identity(dtype.scalar());
  }

  private long combine(DType dtype, ScalarType type, long a, long b) {
    if (type == ScalarType.BOOL) {
      return kind == Kind.MAX ? a | b : a & b;
    }
    if ((dtype == DType.U32 || dtype == DType.U64) && (kind == Kind.MAX || kind == Kind.MIN)) {
      boolean less =
          Long.compareUnsigned(
                  dtype == DType.U32 ? a & 0xFFFF_FFFFL : a,
                  dtype == DType.U32 ? b & 0xFFFF_FFFFL : b)
              < 0;
      return less == (kind == Kind.MIN) ? a : b;
    }
    return Scalars.apply(kind.reduction().primitive(), type, a, b, 0);
  }
}
