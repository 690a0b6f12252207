package dev.bascule.core.device;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Device memory with one owner, who closes it. The bytes of a new buffer are undefined. Every
 * buffer may be read (not written) up to 64 bytes beyond its length by the device's own kernels.
 */
public interface Buffer extends AutoCloseable {
  long bytes();

  /** The memory itself where the host can address it directly. */
  Optional<MemorySegment> host();

  @Override
  void close();
}
