package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Matrix products [batch..., m, k] x [batch..., k, n] -> [batch..., m, n], optionally from an
 * initial value [batch..., m, n].
 *
 * <p>Each output is one accumulator of the scalar type: {@code acc = fma(a, b, acc)} for k
 * ascending from the initial value (0 where there is none), settled into the dtype once. Batch
 * dimensions are equal ({@link Ops#matmul} broadcasts).
 */
public record Matmul() implements Op, LibraryOp {
  @Override
  public String name() {
    return "Matmul";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    if (operands.size() != 2 && operands.size() != 3) {
      throw new ShapeException("Matmul takes 2 or 3 operands, got " + operands);
    }
    TensorType a = operands.get(0);
    TensorType b = operands.get(1);
    int rank = a.shape().rank();
    if (rank < 2 || b.shape().rank() != rank || a.dtype() != b.dtype() || a.dtype() == DType.BOOL) {
      throw new ShapeException(
          "Matmul takes two operands of equal dtype and equal rank of 2 or more, got " + operands);
    }
    Dim inner = a.shape().dim(rank - 1);
    if (!inner.equals(b.shape().dim(rank - 2))) {
      throw new ShapeException(
          "Matmul: inner dimensions differ: lhs "
              + a.shape()
              + " has "
              + inner
              + ", rhs "
              + b.shape()
              + " has "
              + b.shape().dim(rank - 2)
              + "; transpose one of them?");
    }
    List<Dim> dims = new ArrayList<>(a.shape().dims());
    for (int axis = 0; axis < rank - 2; axis++) {
      if (!dims.get(axis).equals(b.shape().dim(axis))) {
        throw new ShapeException("Matmul: batch dimensions differ: " + a + " and " + b);
      }
    }
    dims.set(rank - 1, b.shape().dim(rank - 1));
    TensorType result = new TensorType(a.dtype(), new Shape(dims));
    if (operands.size() == 3 && !operands.get(2).equals(result)) {
      throw new ShapeException(
          "Matmul: the initial value must be " + result + ", not " + operands.get(2));
    }
    return List.of(result);
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    Value a = node.operand(0);
    Value b = node.operand(1);
    List<Optional<Value>> gradients = new ArrayList<>();
    gradients.add(results.getFirst().map(g -> Ops.matmul(g, Ops.transpose(b))));
    gradients.add(results.getFirst().map(g -> Ops.matmul(Ops.transpose(a), g)));
    if (node.operands().size() == 3) {
      gradients.add(results.getFirst());
    }
    return gradients;
  }

  @Override
  public List<Value> decompose(Node node) {
    Value a = node.operand(0);
    Value b = node.operand(1);
    int rank = a.shape().rank();
    List<Dim> dims = new ArrayList<>(node.result().shape().dims());
    Value initial =
        node.operands().size() == 3 ? node.operand(2) : Ops.zeros(a.dtype(), node.result().shape());
    dims.add(a.shape().dim(rank - 1));
    Shape product = new Shape(dims); // [batch..., m, n, k]
    Value left = Ops.broadcast(Ops.unsqueeze(a, rank - 1), product);
    Value right = Ops.broadcast(Ops.unsqueeze(Ops.transpose(b), rank - 2), product);
    return List.of(Node.value(new Dot(), left, right, initial));
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    if (node.result().dtype() == DType.F32) {
      return List.of(evaluateF32(node, operands, dims));
    }
    return evaluateDecomposed(node, operands, dims);
  }

  /**
   * The same fma sequence per output with the loops ordered for speed; what most of a model's time
   * goes into.
   */
  private static Tensor evaluateF32(Node node, List<Tensor> operands, Bindings dims) {
    Tensor a = operands.get(0);
    Tensor b = operands.get(1);
    int rank = a.rank();
    int m = Math.toIntExact(a.extent(rank - 2));
    int k = Math.toIntExact(a.extent(rank - 1));
    int n = Math.toIntExact(b.extent(rank - 1));
    float[] left = a.floats();
    float[] right = b.floats();
    long[] extents = node.result().shape().evaluate(dims);
    float[] out =
        operands.size() == 3
            ? operands.get(2).floats()
            : new float[Math.toIntExact(Tensor.zeros(DType.F32, extents).elements())];
    int batches = m * n == 0 ? 0 : out.length / (m * n);
    for (int batch = 0; batch < batches; batch++) {
      for (int i = 0; i < m; i++) {
        int row = (batch * m + i) * n;
        for (int j = 0; j < k; j++) {
          multiplyAdd(left[(batch * m + i) * k + j], right, (batch * k + j) * n, out, row, n);
        }
      }
    }
    return Tensor.of(out, extents);
  }

  private static void multiplyAdd(float a, float[] b, int from, float[] sum, int to, int n) {
    for (int i = 0; i < n; i++) {
      sum[to + i] = Math.fma(a, b[from + i], sum[to + i]);
    }
  }
}
