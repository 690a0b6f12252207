package dev.bascule.formats;

import java.nio.file.Path;
import java.util.Map;

/**
 * Named tensors in a file, or in several that belong together. Whoever opens it closes it; its
 * tensors are gone then.
 */
public interface TensorFile extends AutoCloseable {
  /** What was opened. */
  Path path();

  /** All tensors by name, in the file's order. */
  Map<String, StoredTensor> tensors();

  /**
   * The tensor of this name.
   *
   * @throws FormatException if there is none
   */
  default StoredTensor tensor(String name) {
    StoredTensor tensor = tensors().get(name);
    if (tensor == null) {
      throw new FormatException(
          path(),
          "",
          "a tensor " + FormatException.quote(name),
          "none of that name among " + tensors().size(),
          "check that the file holds the whole model");
    }
    return tensor;
  }

  /** Bytes of all tensors, padding not counted. */
  default long tensorBytes() {
    return tensors().values().stream().mapToLong(StoredTensor::byteSize).sum();
  }

  @Override
  void close();
}
