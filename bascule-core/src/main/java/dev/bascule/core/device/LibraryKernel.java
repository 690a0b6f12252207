package dev.bascule.core.device;

import java.util.Optional;

/** A hand-written kernel for library ops on one device. */
public interface LibraryKernel {
  String name();

  /** True where this kernel computes exactly {@code call}, bit for bit, epilogue included. */
  boolean accepts(LibraryCall call);

  /** The layout this kernel wants constant operand {@code operand} in; empty for as it is. */
  default Optional<Encoding> encodingFor(LibraryCall call, int operand) {
    return Optional.empty();
  }

  /**
   * Compiles for {@code call}. Operands are bound in this order: the call's operands (encoded where
   * {@link #encodingFor} said so), the epilogue's further inputs, the results, the workspace.
   */
  Launchable prepare(LibraryCall call);
}
