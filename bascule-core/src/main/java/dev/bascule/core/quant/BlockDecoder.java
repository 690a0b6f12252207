package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/** Turns one block into the floats that it stands for, each step rounded to f32. */
@FunctionalInterface
interface BlockDecoder {
  /** Reads the block at byte {@code at} and writes its elements from {@code to} on. */
  void decode(MemorySegment blocks, long at, float[] values, int to);
}
