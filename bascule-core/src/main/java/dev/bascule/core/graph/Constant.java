package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A tensor known when the graph is made: weights and literals. Small ones compare by content, so
 * they can be shared.
 */
public final class Constant implements Op {
  private static final int SMALL_BYTES = 256;
  private final Tensor tensor;

  public Constant(Tensor tensor) {
    this.tensor = tensor;
  }

  public static Value of(Tensor tensor) {
    return Node.value(new Constant(tensor));
  }

  public static Value of(String label, Tensor tensor) {
    return Node.of(label, new Constant(tensor), List.of()).result();
  }

  public Tensor tensor() {
    return tensor;
  }

  @Override
  public String name() {
    return "Constant";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 0);
    return List.of(tensor.type());
  }

  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    return List.of();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return List.of(tensor);
  }

  private boolean isSmall() {
    return tensor.byteSize() <= SMALL_BYTES;
  }

  /** The same bytes in memory; those of deferred tensors are not asked for. */
  private boolean sharesMemory(Tensor other) {
    boolean isHere = !tensor.isDeferred() && !other.isDeferred();
    return tensor == other || isHere && tensor.bytes().equals(other.bytes());
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other == this
        || (other instanceof Constant constant
            && tensor.dtype() == constant.tensor.dtype()
            && java.util.Arrays.equals(tensor.extents(), constant.tensor.extents())
            && (sharesMemory(constant.tensor)
                || (isSmall()
                    && MemorySegment.mismatch(
                            tensor.bytes(),
                            0,
                            tensor.bytes().byteSize(),
                            constant.tensor.bytes(),
                            0,
                            constant.tensor.bytes().byteSize())
                        < 0)));
  }

  @Override
  public int hashCode() {
    int hash = tensor.dtype().hashCode() * 31 + java.util.Arrays.hashCode(tensor.extents());
    return isSmall() && tensor.elements() > 0 ? hash * 31 + Long.hashCode(tensor.get(0)) : hash;
  }

  @Override
  public String toString() {
    return tensor.elements() == 1 ? "Constant " + tensor.number(0) : "Constant " + tensor;
  }
}
