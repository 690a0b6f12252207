package dev.bascule.formats.npy;

import dev.bascule.core.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * An array as it is in memory: row-major and little-endian, whatever the order in the file.
 *
 * @param data exactly the bytes of the elements; who allocated it owns it
 */
public record NpyArray(DType dtype, List<Long> dims, MemorySegment data) {
  public NpyArray {
    dims = List.copyOf(dims);
    long elements = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("array: a dimension is negative: " + dims);
      }
      elements = Math.multiplyExact(elements, dim);
    }
    if (data.byteSize() != dtype.bytes(elements)) {
      throw new IllegalArgumentException(
          "array "
              + dtype
              + dims
              + ": expected "
              + dtype.bytes(elements)
              + " bytes, got "
              + data.byteSize());
    }
  }
}
