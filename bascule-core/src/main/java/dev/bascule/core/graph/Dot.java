package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import java.util.List;
import java.util.Optional;

/**
 * Sums products along the last axis: {@code acc = fma(a, b, acc)} in ascending order, in one
 * accumulator of the scalar type that starts from the third operand. This is what a matrix product
 * decomposes into; floats only for fma, integers wrap. Operands: a [..., k], b [..., k], initial
 * [...].
 */
public record Dot() implements Op {
  @Override
  public String name() {
    return "Dot";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 3);
    TensorType a = operands.get(0);
    List<Dim> dims = a.shape().dims();
    if (dims.isEmpty() || !a.equals(operands.get(1))) {
      throw new ShapeException("Dot takes two equal operands of rank 1 or more, got " + operands);
    }
    TensorType result = new TensorType(a.dtype(), new Shape(dims.subList(0, dims.size() - 1)));
    if (!result.equals(operands.get(2))) {
      throw new ShapeException(
          "Dot: the initial value must be " + result + ", not " + operands.get(2));
    }
    return List.of(result);
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Value a = node.operand(0);
    Value b = node.operand(1);
    Optional<Value> wide =
        results.getFirst().map(g -> Ops.broadcast(Ops.unsqueeze(g, g.shape().rank()), a.shape()));
    return List.of(wide.map(g -> Ops.mul(g, b)), wide.map(g -> Ops.mul(g, a)), results.getFirst());
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    Tensor a = operands.get(0);
    Tensor b = operands.get(1);
    Tensor result = Tensor.zeros(a.dtype(), node.result().shape().evaluate(dims));
    long k = a.extent(a.rank() - 1);
    for (long i = 0; i < result.elements(); i++) {
      long sum = operands.get(2).get(i);
      for (long j = i * k; j < (i + 1) * k; j++) {
        sum = multiplyAdd(a.dtype().scalar(), a.get(j), b.get(j), sum);
      }
      result.set(i, Conversions.settle(a.dtype(), sum));
    }
    return List.of(result);
  }

  private static long multiplyAdd(dev.bascule.core.ScalarType type, long a, long b, long sum) {
    return type.isFloat()
        ? Scalars.apply(Primitive.FMA, type, a, b, sum)
        : Scalars.apply(Primitive.ADD, type, Scalars.apply(Primitive.MUL, type, a, b, 0), sum, 0);
  }
}
