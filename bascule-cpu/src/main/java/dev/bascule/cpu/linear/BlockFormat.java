package dev.bascule.cpu.linear;

import dev.bascule.core.graph.Linear;
import dev.bascule.core.quant.QuantType;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.Locale;

/**
 * Tiles of quantised rows. A tile is a sequence of units: a header with the scales of all its rows,
 * then some blocks of 32 elements of each row. A block's numbers are 8 vectors, each 4 elements of
 * every row side by side, made unsigned by adding {@code bias}: whole bytes; or nibbles, vectors 2i
 * and 2i + 1 in one, and behind them the bits above the nibbles in planes. A tile takes the bytes
 * that its rows take in the type's own layout.
 *
 * @param bits of a number: 4, 5, 6, or 8
 * @param bias what makes the numbers unsigned; 0 at 8 bits means that they stay signed
 * @param unitBlocks blocks in a unit
 */
record BlockFormat(
    QuantType type, IsaLevel level, int bits, int bias, Scaling scaling, int unitBlocks)
    implements TileFormat {
  static final int BLOCK = Linear.ACTIVATION_BLOCK;

  /** Elements of a row that share a lane of a vector. */
  static final int QUAD = 4;

  /** Vectors of a block's numbers. */
  static final int VECTORS = BLOCK / QUAD;

  private static final int LINE_BYTES = 64;

  /** Blocks in a block of 256. */
  private static final int SUPER_BLOCKS = 8;

  /** How a header holds scales and offsets. */
  enum Scaling {
    /** An f16 for each block, then, where there are offsets, an f16 for each block. */
    F16,
    /** An f32 for each group, and an f32 offset: for types that have no layout of their own. */
    F32,
    /** f16 d and dmin, and 6-bit scales and minima in 12 bytes for 8 blocks, as q4_k has them. */
    SIX_BIT,
    /** f16 d, and a signed byte for each 16 elements of 8 blocks, as q6_k has them. */
    EIGHT_BIT
  }

  /** The format for rows of {@code k}. */
  static BlockFormat of(QuantType type, IsaLevel level, long k) {
    // AVX2 multiplies bytes of which one is unsigned without saturation only by their magnitude
    int byteBias = level == IsaLevel.AVX512 ? 128 : 0;
    int few = simpleUnitBlocks(k / BLOCK);
    return switch (type) {
      case Q4_0 -> new BlockFormat(type, level, 4, 8, Scaling.F16, few);
      case Q4_1 -> new BlockFormat(type, level, 4, 0, Scaling.F16, few);
      case Q5_0 -> new BlockFormat(type, level, 5, 16, Scaling.F16, few);
      case Q5_1 -> new BlockFormat(type, level, 5, 0, Scaling.F16, few);
      case Q8_0 -> new BlockFormat(type, level, 8, byteBias, Scaling.F16, few);
      case Q4_K -> new BlockFormat(type, level, 4, 0, Scaling.SIX_BIT, SUPER_BLOCKS);
      case Q5_K -> new BlockFormat(type, level, 5, 0, Scaling.SIX_BIT, SUPER_BLOCKS);
      case Q6_K -> new BlockFormat(type, level, 6, 32, Scaling.EIGHT_BIT, SUPER_BLOCKS);
      case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
          new BlockFormat(type, level, 8, byteBias, Scaling.F32, 1);
    };
  }

  /** Long units are read fastest; those of two blocks at least lie in whole lines. */
  private static int simpleUnitBlocks(long blocks) {
    return blocks % SUPER_BLOCKS == 0 ? SUPER_BLOCKS : blocks % 2 == 0 ? 2 : 1;
  }

  int lanes() {
    return TileFormat.lanes(level);
  }

  /** Groups in a block: 1 or 2. */
  int groups() {
    return BLOCK / type.groupElements();
  }

  int vectorBytes() {
    return QUAD * lanes();
  }

  /** Planes of bits above the nibbles. */
  int planes() {
    return bits == 8 ? 0 : bits - 4;
  }

  int headerBytes() {
    int values = groups() * (type.hasOffsets() ? 2 : 1);
    return lanes()
        * switch (scaling) {
          case F16 -> Short.BYTES * values * unitBlocks;
          case F32 -> Float.BYTES * values;
          case SIX_BIT -> 2 * Short.BYTES + SixBitScales.BYTES;
          case EIGHT_BIT -> Short.BYTES + unitBlocks * groups();
        };
  }

  int blockBytes() {
    return vectorBytes() * (bits == 8 ? VECTORS : VECTORS / 2 + planes());
  }

  int unitBytes() {
    return headerBytes() + unitBlocks * blockBytes();
  }

  @Override
  public String name() {
    return "tiles of "
        + lanes()
        + " rows, "
        + type
        + " as "
        + bits
        + " bits and "
        + scaling
        + " in units of "
        + unitBlocks;
  }

  @Override
  public String describe() {
    double packed = (double) Byte.SIZE * unitBytes() / lanes() / BLOCK / unitBlocks;
    return String.format(
        Locale.ROOT,
        "%s (%.2f bits an element, stored %.2f)",
        name(),
        packed,
        type.bitsPerElement());
  }

  @Override
  public boolean isRounded() {
    return true;
  }

  @Override
  public long steps(long k) {
    return k / ((long) BLOCK * unitBlocks);
  }

  @Override
  public long tileBytes(long k) {
    return Math.ceilDiv(steps(k) * unitBytes(), LINE_BYTES) * LINE_BYTES;
  }

  @Override
  public int tilesAtOnce(int tokens) {
    return 1;
  }

  @Override
  public byte[] emit(int tokens, int tiles) {
    return new BlockTileKernel(this, tokens).emit();
  }
}
