package dev.bascule.core.device;

/**
 * Compiled code with its operands and dimensions: what a {@link Stream} runs. One stream at a time
 * may run it.
 */
public interface Launch extends AutoCloseable {
  /** The name of the kernel or op, for errors and traces. */
  String name();

  @Override
  void close();
}
