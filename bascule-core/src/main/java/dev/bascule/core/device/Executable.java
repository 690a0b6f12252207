package dev.bascule.core.device;

import dev.bascule.core.Bindings;
import java.util.List;

/** A program made ready for a device. */
public interface Executable extends AutoCloseable {
  /** Fixes buffers and dimensions: what can be run, many times. */
  Bound bind(List<Buffer> buffers, Bindings dims);

  @Override
  void close();

  /** A program with its buffers and dimensions. */
  interface Bound extends AutoCloseable {
    void run(Stream stream);

    @Override
    void close();
  }
}
