package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Operand 0 with rows replaced by, or combined with, updates: for i ascending, {@code
 * data[indices[i]] = kind(data[indices[i]], updates[i])}, so that repeated indices have one defined
 * result. Operands: data [n, row...], indices i64 [m], updates [m, row...]. An index outside [0, n)
 * raises a {@link DataException} when the plan runs.
 */
public record Scatter(Kind kind) implements Op {
  /** How an update meets what is there; floats are settled into the dtype after each. */
  public enum Kind {
    SET,
    ADD,
    MUL,
    MIN,
    MAX
  }

  @Override
  public String name() {
    return "Scatter";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 3);
    TensorType data = operands.get(0);
    TensorType indices = operands.get(1);
    TensorType updates = operands.get(2);
    boolean fits =
        data.shape().rank() > 0
            && indices.dtype() == DType.I64
            && indices.shape().rank() == 1
            && updates.dtype() == data.dtype();
    if (fits) {
      List<Dim> expected = new ArrayList<>(data.shape().dims());
      expected.set(0, indices.shape().dim(0));
      fits = updates.shape().equals(new Shape(expected));
    }
    if (!fits || (kind != Kind.SET && data.dtype() == DType.BOOL)) {
      throw new ShapeException(
          "Scatter takes data [n, row...], i64 indices [m] and updates [m, row...], got "
              + operands);
    }
    return List.of(data);
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Value indices = node.operand(1);
    return switch (kind) {
      case ADD ->
          List.of(
              results.getFirst(),
              Optional.empty(),
              results.getFirst().map(g -> Ops.gather(g, indices, 0)));
      // of repeated indices the last update alone should receive the gradient; unique indices are
      // required of who differentiates
      case SET ->
          List.of(
              results
                  .getFirst()
                  .map(g ->
                      Ops.scatter(
                          Kind.SET, g, indices, Ops.zeros(g.dtype(), node.operand(2).shape()))),
              Optional.empty(),
              results.getFirst().map(g -> Ops.gather(g, indices, 0)));
      case MUL, MIN, MAX -> throw new ShapeException("Scatter " + kind + " is not differentiable");
    };
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor data = operands.get(0);
    Tensor indices = operands.get(1);
    Tensor updates = operands.get(2);
    Tensor result = Tensor.zeros(data.dtype(), data.extents());
    result.bytes().copyFrom(data.bytes());
    long extent = data.extent(0);
    long row = indices.elements() == 0 ? 0 : updates.elements() / indices.elements();
    for (long i = 0; i < indices.elements(); i++) {
      long index = indices.get(i);
      if (index < 0 || index >= extent) {
        throw new DataException(
            node.label() + ": index " + index + " is outside axis 0 of extent " + extent);
      }
      for (long j = 0; j < row; j++) {
        long at = index * row + j;
        result.set(at, combine(data.dtype(), result.get(at), updates.get(i * row + j)));
      }
    }
    return List.of(result);
  }

  private long combine(DType type, long old, long update) {
    boolean wideUnsigned = type == DType.U32 || type == DType.U64;
    if (wideUnsigned && (kind == Kind.MIN || kind == Kind.MAX)) {
      boolean less = Scalars.apply(Primitive.ULT, type.scalar(), old, update, 0) != 0;
      return less == (kind == Kind.MIN) ? old : update;
    }
    return Conversions.settle(
        type,
        switch (kind) {
          case SET -> update;
          case ADD -> Scalars.apply(Primitive.ADD, type.scalar(), old, update, 0);
          case MUL -> Scalars.apply(Primitive.MUL, type.scalar(), old, update, 0);
          case MIN -> Scalars.apply(Primitive.MIN, type.scalar(), old, update, 0);
          case MAX -> Scalars.apply(Primitive.MAX, type.scalar(), old, update, 0);
        });
  }
}
