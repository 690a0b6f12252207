package dev.bascule.formats;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor to be written: its bytes are asked for when their turn comes, so that a file may be
 * larger than memory.
 *
 * @param dims slowest first
 */
public record OutgoingTensor(String name, StoredType type, List<Long> dims, Content content) {
  /** Gives a tensor's bytes, in order, in as many pieces as it likes. */
  public interface Content {
    void writeTo(Sink sink) throws IOException;
  }

  /** Takes bytes. */
  public interface Sink {
    void write(MemorySegment bytes) throws IOException;
  }

  public OutgoingTensor {
    dims = List.copyOf(dims);
    long elements = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException(
            "tensor " + FormatException.quote(name) + ": a negative dimension in " + dims);
      }
      elements = Math.multiplyExact(elements, dim);
    }
    int block = type.blockElements();
    if (block > 1 && (dims.isEmpty() || dims.getLast() % block != 0)) {
      throw new IllegalArgumentException(
          "tensor "
              + FormatException.quote(name)
              + ": expected rows of whole blocks of "
              + block
              + " elements for "
              + type
              + ", got dimensions "
              + dims);
    }
  }

  /** A tensor whose bytes are in memory. */
  public static OutgoingTensor of(
      String name, StoredType type, List<Long> dims, MemorySegment bytes) {
    return new OutgoingTensor(name, type, dims, sink -> sink.write(bytes));
  }

  public long elements() {
    return dims.stream().reduce(1L, Math::multiplyExact);
  }

  public long byteSize() {
    return type.bytes(elements());
  }

  /**
   * Writes all bytes to {@code file}.
   *
   * @throws IllegalStateException if the content gives more or fewer than type and dimensions say
   */
  public void writeTo(AtomicFile file) throws IOException {
    long start = file.position();
    content.writeTo(file::write);
    long got = file.position() - start;
    if (got != byteSize()) {
      throw new IllegalStateException(
          "tensor "
              + FormatException.quote(name)
              + " "
              + type
              + dims
              + ": expected "
              + byteSize()
              + " bytes of content, got "
              + got);
    }
  }
}
