package dev.bascule.core.device;

import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Something that computes. Thread-safe; closing it frees what it still owns. */
public interface Device extends AutoCloseable {
  DeviceInfo info();

  Buffer allocate(long bytes);

  /**
   * The segment as a buffer, without a copy, where the device can use host memory in place (it must
   * stay alive, and be readable 64 bytes past its end); empty otherwise.
   */
  Optional<Buffer> adopt(MemorySegment segment);

  Stream stream();

  /** Compiles a Map or Row kernel. Every device takes every kernel. */
  Launchable compile(Kernel kernel);

  /** Hand-written kernels, preferred first; may be empty: library ops decompose. */
  List<LibraryKernel> library();

  /**
   * Makes a program ready; devices that can capture whole programs do better than the default loop.
   */
  default Executable prepare(Program program) {
    return new LaunchLoop(program);
  }

  @Override
  void close();
}
