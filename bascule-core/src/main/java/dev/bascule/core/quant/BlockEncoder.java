package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/** Finds the block that stands for some floats with little error. */
@FunctionalInterface
interface BlockEncoder {
  /** Reads a block's elements from {@code from} on and writes every byte of it at {@code at}. */
  void encode(float[] values, int from, MemorySegment blocks, long at);
}
