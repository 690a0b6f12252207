package dev.bascule.cpu.linear;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Machine code for linear layers at one instruction set, emitted when first needed. Any number of
 * threads may use it, each with an argument block of its own.
 */
public final class LinearTiles {
  /** Bytes of an argument block; aligned to 8. */
  public static final long ARGUMENT_BYTES = 64;

  private record Key(TileFormat format, int tokens, int tiles) {}

  private final ExecutableMemory memory;
  private final IsaLevel level;
  private final Map<Key, MemorySegment> kernels = new ConcurrentHashMap<>();
  private final Map<BlockFormat, MemorySegment> packing = new ConcurrentHashMap<>();
  private final MemorySegment rounding;

  /**
   * @param memory owns the code; outlives this
   * @param level AVX2 or AVX512
   */
  public LinearTiles(ExecutableMemory memory, IsaLevel level) {
    this.memory = memory;
    this.level = level;
    this.rounding = memory.install(Rounding.emit());
  }

  public IsaLevel level() {
    return level;
  }

  /** Rows of a tile. */
  public int lanes() {
    return TileFormat.lanes(level);
  }

  /** The most tokens that a kernel takes at once. */
  public int tokensMax(boolean rounded) {
    return rounded ? BlockTileKernel.tokensMax(level) : TileFrame.TOKENS_MAX;
  }

  /** Bytes from one token's prepared activations to the next. */
  public static long tokenBytes(long k, boolean rounded) {
    return ActivationRow.strideBytes(k, rounded);
  }

  /**
   * Packs rows of {@code k} elements, on one thread.
   *
   * @param arena owns what it needs meanwhile
   */
  public TilePacker packer(TileFormat format, long k, Arena arena) {
    return switch (format) {
      case FloatFormat floats -> new FloatPacker(floats, k);
      case BlockFormat blocks ->
          blocks.scaling() == BlockFormat.Scaling.F32
              ? new BlockPacker(blocks, k)
              : new TilePacker.Emitted(packingCode(blocks), blocks, k, arena);
    };
  }

  private MemorySegment packingCode(BlockFormat format) {
    return packing.computeIfAbsent(format, key -> memory.install(PackingKernel.emit(key)));
  }

  /**
   * Rounds tokens {@code low} to {@code high}.
   *
   * @param x f32, rows of {@code k}
   * @param prepared where the tokens' prepared rows begin, a multiple of 64
   */
  public void round(MemorySegment block, long x, long prepared, long k, long low, long high) {
    put(block, Rounding.Argument.FROM.offset(), x);
    put(block, Rounding.Argument.FROM_STRIDE.offset(), k * Float.BYTES);
    put(block, Rounding.Argument.TO.offset(), prepared);
    put(block, Rounding.Argument.TO_STRIDE.offset(), tokenBytes(k, true));
    put(block, Rounding.Argument.BLOCKS.offset(), k / BlockFormat.BLOCK);
    MachineCode.run(rounding, block.address(), low, high);
  }

  /**
   * A weight and where its results go.
   *
   * @param tiles address of the first packed tile
   * @param rows of the weight
   * @param out address of the first token's first result
   * @param outStride bytes from one token's results to the next
   */
  public record Product(
      TileFormat format, long tiles, long rows, long k, long out, long outStride) {}

  /**
   * Results of tiles {@code low} to {@code high} for some tokens.
   *
   * @param first the first token
   * @param tokens at most {@link #tokensMax}
   */
  public void multiply(
      MemorySegment block,
      Product product,
      long prepared,
      long first,
      int tokens,
      long low,
      long high) {
    TileFormat format = product.format;
    long stride = tokenBytes(product.k, format.isRounded());
    put(block, TileFrame.Argument.WEIGHTS.offset(), product.tiles);
    put(block, TileFrame.Argument.TILE_BYTES.offset(), format.tileBytes(product.k));
    put(block, TileFrame.Argument.TOKENS.offset(), prepared + first * stride);
    put(block, TileFrame.Argument.TOKEN_STRIDE.offset(), stride);
    put(block, TileFrame.Argument.OUT.offset(), product.out + first * product.outStride);
    put(block, TileFrame.Argument.OUT_STRIDE.offset(), product.outStride);
    put(block, TileFrame.Argument.ROWS.offset(), product.rows);
    put(block, TileFrame.Argument.STEPS.offset(), format.steps(product.k));
    int atOnce = format.tilesAtOnce(tokens);
    long whole = low + (high - low) / atOnce * atOnce;
    if (whole > low) {
      MachineCode.run(kernel(format, tokens, atOnce), block.address(), low, whole);
    }
    if (high > whole) {
      MachineCode.run(kernel(format, tokens, 1), block.address(), whole, high);
    }
  }

  private static void put(MemorySegment block, int at, long value) {
    block.set(ValueLayout.JAVA_LONG, at, value);
  }

  private MemorySegment kernel(TileFormat format, int tokens, int tiles) {
    return kernels.computeIfAbsent(
        new Key(format, tokens, tiles), key -> memory.install(format.emit(tokens, tiles)));
  }
}
