package dev.bascule.core.device;

import dev.bascule.core.Bindings;
import java.util.List;

/** Compiled code, with every dimension still an argument. Thread-safe. */
public interface Launchable extends AutoCloseable {
  /** What runs, for {@code --explain}: the path or kernel variant chosen, and why. */
  String describe();

  /**
   * Scratch memory a launch needs for these dimensions; given as the last operand of {@link #bind}
   * where not 0.
   */
  default long workspaceBytes(Bindings dims) {
    return 0;
  }

  /**
   * Fixes operands and dimensions. The launch may run many times while its buffers live; binding
   * costs microseconds.
   */
  Launch bind(List<Slice> operands, Bindings dims);

  @Override
  void close();
}
