package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;
import java.util.List;

/**
 * The bits under another dtype of the same width (32 or 64). A NaN gives the canonical quiet NaN
 * (0x7FC00000, 0x7FF8000000000000): payloads carry no meaning, and this is the only op that could
 * show them.
 */
public record Bitcast(DType to) implements Op {
  @Override
  public String name() {
    return "Bitcast";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1);
    DType from = operands.getFirst().dtype();
    if (from.bits() != to.bits() || to.bits() < 32) {
      throw new ShapeException(
          "Bitcast takes dtypes of 32 or 64 bits of equal width, not " + from + " to " + to);
    }
    return List.of(new TensorType(to, operands.getFirst().shape()));
  }

  /** The steps of this op on a term of {@code from}. */
  public Term expand(KernelBuilder b, DType from, Term x) {
    if (from.isFloat() == to.isFloat()) {
      return x;
    }
    if (from.isFloat()) {
      boolean f32 = x.type() == ScalarType.F32;
      Term nan = f32 ? b.constant(0x7FC0_0000) : b.constant(0x7FF8_0000_0000_0000L);
      return b.select(b.ne(x, x), nan, b.apply(f32 ? Primitive.F32_BITS : Primitive.F64_BITS, x));
    }
    return b.apply(x.type() == ScalarType.I32 ? Primitive.BITS_F32 : Primitive.BITS_F64, x);
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    DType from = operands.getFirst().dtype();
    return List.of(Pointwise.evaluate(name(), operands, to, (b, x) -> expand(b, from, x[0])));
  }
}
