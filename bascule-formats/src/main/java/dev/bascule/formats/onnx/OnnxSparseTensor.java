package dev.bascule.formats.onnx;

import java.util.List;

/**
 * A tensor given by its elements that are not zero.
 *
 * @param values [n], named as the whole is
 * @param indices [n] (positions in row-major order) or [n, rank]
 */
public record OnnxSparseTensor(OnnxTensor values, OnnxTensor indices, List<Long> dims) {
  public OnnxSparseTensor {
    dims = List.copyOf(dims);
  }

  public String name() {
    return values.name();
  }
}
