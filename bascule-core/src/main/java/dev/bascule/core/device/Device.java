package dev.bascule.core.device;

import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Something that computes. Thread-safe; closing it frees what it still owns. */
public interface Device extends AutoCloseable {
  DeviceInfo info();

  Buffer allocate(long bytes);

  /** A buffer of zeros. Where the device can, it takes memory when it is first written. */
  default Buffer allocateZeros(long bytes) {
    Buffer buffer = allocate(bytes);
    try (Stream stream = stream()) {
      MemorySegment zeros = MemorySegment.ofArray(new byte[(int) Math.min(bytes, 1 << 20)]);
      for (long at = 0; at < bytes; at += zeros.byteSize()) {
        long part = Math.min(zeros.byteSize(), bytes - at);
        stream.upload(zeros.asSlice(0, part), new Slice(buffer, at, part));
      }
      stream.synchronize();
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
    return buffer;
  }

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
