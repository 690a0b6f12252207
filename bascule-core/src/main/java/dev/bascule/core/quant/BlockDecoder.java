package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/** Takes one block apart. */
@FunctionalInterface
interface BlockDecoder {
  /** Reads the block at byte {@code at}. */
  void unpack(MemorySegment blocks, long at, UnpackedBlock to);
}
