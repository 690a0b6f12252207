package dev.bascule.cpu;

import dev.bascule.cpu.linear.LinearTiles;
import dev.bascule.cpu.linear.TileFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Machine code over packed tiles; a unit is a tile. */
final class LinearTilePath implements LinearPath {
  static final long ALIGNMENT_BYTES = 64;

  /** Tiles that several groups of tokens meet should stay in the second-level cache. */
  private static final long TILES_BYTES_MAX = 384 << 10;

  /**
   * @param memory the packed weight
   * @param result of this weight, from its first element on
   */
  record Weight(TileFormat format, MemorySegment memory, MemorySegment result) {}

  private final LinearTiles tiles;
  private final LinearShape shape;
  private final List<Weight> weights;
  private final MemorySegment x;
  private final MemorySegment[] blocks;
  private final boolean rounds;
  private final boolean copies;
  private final long rounded;
  private final long plain;

  /**
   * @param x the activations, from their first element on
   * @param workspace of {@link #workspaceBytes}
   */
  LinearTilePath(
      LinearTiles tiles,
      LinearShape shape,
      List<Weight> weights,
      MemorySegment x,
      MemorySegment workspace,
      int threads) {
    this.tiles = tiles;
    this.shape = shape;
    this.weights = List.copyOf(weights);
    this.x = x;
    this.rounds = weights.stream().anyMatch(weight -> weight.format.isRounded());
    this.copies = weights.stream().anyMatch(weight -> !weight.format.isRounded());
    this.blocks = new MemorySegment[threads];
    long at =
        Math.ceilDiv(workspace.address(), ALIGNMENT_BYTES) * ALIGNMENT_BYTES - workspace.address();
    for (int i = 0; i < threads; i++) {
      blocks[i] = workspace.asSlice(at, LinearTiles.ARGUMENT_BYTES);
      at += LinearTiles.ARGUMENT_BYTES;
    }
    this.rounded = workspace.address() + at;
    this.plain = rounded + preparedBytes(shape, tiles, true);
  }

  static long workspaceBytes(LinearShape shape, LinearTiles tiles, int threads) {
    return ALIGNMENT_BYTES
        + threads * LinearTiles.ARGUMENT_BYTES
        + preparedBytes(shape, tiles, true)
        + preparedBytes(shape, tiles, false);
  }

  /** Bytes of activations in one form, 0 where no weight wants it. */
  private static long preparedBytes(LinearShape shape, LinearTiles tiles, boolean isRounded) {
    boolean wanted =
        shape.types().stream()
            .anyMatch(
                type -> TileFormat.of(type, tiles.level(), shape.k()).isRounded() == isRounded);
    return wanted ? shape.tokens() * LinearTiles.tokenBytes(shape.k(), isRounded) : 0;
  }

  @Override
  public void prepare(int worker, long low, long high) {
    if (rounds) {
      tiles.round(blocks[worker], x.address(), rounded, shape.k(), low, high);
    }
    if (copies) {
      copy(low, high);
    }
  }

  private void copy(long low, long high) {
    long bytes = shape.k() * Float.BYTES;
    long stride = LinearTiles.tokenBytes(shape.k(), false);
    MemorySegment to = MemorySegment.ofAddress(plain).reinterpret(shape.tokens() * stride);
    for (long token = low; token < high; token++) {
      MemorySegment.copy(
          x,
          ValueLayout.JAVA_BYTE,
          token * bytes,
          to,
          ValueLayout.JAVA_BYTE,
          token * stride,
          bytes);
    }
  }

  @Override
  public long units(int weight) {
    return Math.ceilDiv(shape.rows()[weight], tiles.lanes());
  }

  @Override
  public long unitBytes(int weight) {
    return weights.get(weight).format.tileBytes(shape.k());
  }

  @Override
  public void multiply(
      int worker, int weight, long expert, long first, long tokens, long low, long high) {
    Weight of = weights.get(weight);
    long rows = shape.rows()[weight];
    long start = of.memory.address() + expert * of.format.bytes(rows, shape.k());
    LinearTiles.Product product =
        new LinearTiles.Product(
            of.format, start, rows, shape.k(), of.result.address(), rows * Float.BYTES);
    int groups = (int) Math.ceilDiv(tokens, tiles.tokensMax(of.format.isRounded()));
    long step = groups == 1 ? high - low : Math.max(1, TILES_BYTES_MAX / unitBytes(weight));
    long prepared = of.format.isRounded() ? rounded : plain;
    for (long tile = low; tile < high; tile += step) {
      long end = Math.min(tile + step, high);
      for (int group = 0; group < groups; group++) {
        long from = tokens * group / groups;
        int count = (int) (tokens * (group + 1) / groups - from);
        tiles.multiply(blocks[worker], product, prepared, first + from, count, tile, end);
      }
    }
  }
}
