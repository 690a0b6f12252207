package dev.bascule.cpu.linear;

import dev.bascule.core.quant.WeightType;
import dev.bascule.cpu.asm.IsaLevel;

/**
 * How weights of one type are packed for one instruction set: tiles of as many rows as a vector has
 * f32 lanes, so that every lane is one row's accumulator and a tile is read from its first byte to
 * its last.
 */
public sealed interface TileFormat permits BlockFormat, FloatFormat {
  /** The format for rows of {@code k} of a type, at a level that can run code. */
  static TileFormat of(WeightType type, IsaLevel level, long k) {
    return switch (type) {
      case WeightType.Blocks blocks -> BlockFormat.of(blocks.type(), level, k);
      case WeightType.Floats floats -> new FloatFormat(floats.dtype(), level);
    };
  }

  static int lanes(IsaLevel level) {
    return level == IsaLevel.AVX512 ? 16 : 8;
  }

  IsaLevel level();

  /** What tells this layout from others, for names of encodings. */
  String name();

  /** How the type is packed, and what that costs, for {@code --explain}. */
  default String describe() {
    return name();
  }

  /** Whether it meets rounded activations, or f32. */
  boolean isRounded();

  /** Bytes of a tile, a multiple of 64. */
  long tileBytes(long k);

  /** Bytes of all tiles of a weight. */
  default long bytes(long rows, long k) {
    return Math.ceilDiv(rows, lanes(level())) * tileBytes(k);
  }

  /** How often the kernel's inner loop runs for a row of {@code k}. */
  long steps(long k);

  /** Tiles that a kernel for so many tokens advances through at once. */
  int tilesAtOnce(int tokens);

  /** Machine code for so many tokens. */
  byte[] emit(int tokens, int tiles);
}
