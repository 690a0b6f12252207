package dev.bascule.core.quant;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;

/** How the rows of a weight are stored: as floats, or in quantised blocks. */
public sealed interface WeightType {
  /** Floats, converted exactly to f32: f32, f16 or bf16. */
  record Floats(DType dtype) implements WeightType {
    public Floats {
      if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
        throw new ShapeException("weights are f32, f16, bf16 or block-quantised, not " + dtype);
      }
    }

    @Override
    public DType stored() {
      return dtype;
    }

    @Override
    public long storedElements(long elements) {
      return elements;
    }

    @Override
    public String toString() {
      return dtype.toString();
    }
  }

  /** Blocks, as bytes. */
  record Blocks(QuantType type) implements WeightType {
    @Override
    public DType stored() {
      return DType.U8;
    }

    @Override
    public long storedElements(long elements) {
      return type.bytes(elements);
    }

    @Override
    public String toString() {
      return type.toString();
    }
  }

  /** The dtype of the tensor that holds such a weight. */
  DType stored();

  /** Elements of that tensor for a row of {@code elements}. */
  long storedElements(long elements);

  default long rowBytes(long elements) {
    return stored().bytes(storedElements(elements));
  }
}
