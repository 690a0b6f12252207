package dev.bascule.core.device;

import java.lang.foreign.MemorySegment;

/**
 * A layout a library kernel wants a constant operand in, made once and shared by all plans and
 * sessions.
 */
public interface Encoding {
  /** Identifies the layout: equal names for equal views give equal bytes. */
  String name();

  long bytes();

  /**
   * Writes the encoded form of the operand ({@code source}, in its view's layout) to {@code
   * target}.
   */
  void encode(MemorySegment source, MemorySegment target);
}
