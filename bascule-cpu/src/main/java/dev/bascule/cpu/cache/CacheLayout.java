package dev.bascule.cpu.cache;

import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.VectorLength;

/**
 * What code that reads a cache is made for.
 *
 * @param heads queries that share a head of the cache
 * @param width elements of a key
 * @param channels elements of a value
 * @param scoreStride floats from one query's scores to the next's
 */
public record CacheLayout(
    CacheFormat format, int heads, int width, int channels, long scoreStride) {
  /** Bytes of a row that are turned at a time. */
  static final int PIECE_BYTES = 16;

  /** Sums of as many heads stay in registers while keys are turned; any number without code. */
  public static int headsMax(IsaLevel level) {
    return switch (level) {
      case AVX512 -> 8;
      case AVX2 -> 4;
      case PORTABLE -> Integer.MAX_VALUE;
    };
  }

  /** Keys that are taken at a time; so many from a block's first on must be in the cache. */
  public static int keyStep(IsaLevel level) {
    return length(level).lanes(Float.BYTES);
  }

  static VectorLength length(IsaLevel level) {
    return level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
  }

  /** True where rows are whole vectors, and whole blocks where there are scales. */
  public boolean serves(IsaLevel level) {
    return level != IsaLevel.PORTABLE
        && heads <= headsMax(level)
        && width * format.bytes() % PIECE_BYTES == 0
        && channels % keyStep(level) == 0
        && scoreStride < 1 << 20
        && (!format.isScaled()
            || (width % CacheFormat.BLOCK == 0 && channels % CacheFormat.BLOCK == 0));
  }
}
