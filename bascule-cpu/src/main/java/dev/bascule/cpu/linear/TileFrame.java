package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Gpr.*;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;
import java.util.function.BiConsumer;

/**
 * What kernels over tiles have in common: they walk over tiles of weights, and for each tile over
 * k, with an accumulator in a register for each token (and each tile, where several advance at
 * once); at a tile's end they store.
 */
final class TileFrame {
  /** The argument block: 8 bytes each. */
  enum Argument {
    /** Address of the first tile. */
    WEIGHTS,
    TILE_BYTES,
    /** Address of the first token's {@link ActivationRow}. */
    TOKENS,
    TOKEN_STRIDE,
    /** Address of the first token's first result. */
    OUT,
    OUT_STRIDE,
    /** Rows of the weight. */
    ROWS,
    /** Runs of the inner loop. */
    STEPS;

    static final int BLOCK_BYTES = 8 * values().length;

    Mem place() {
      return Mem.at(RDI, offset());
    }

    int offset() {
      return 8 * ordinal();
    }
  }

  static final int TOKENS_MAX = 12;

  /** Tokens that one base register serves. */
  private static final int PER_BASE = 4;

  static final Gpr WEIGHTS = R8;
  private static final Gpr[] TOKENS = {R9, R10, R11};
  private static final Gpr STRIDE = RCX;
  private static final Gpr STRIDE_3 = RBX;
  private static final Gpr COUNT = RAX;
  private static final Gpr TILES = RDX;
  private static final Gpr SCRATCH = R12;
  private static final Gpr ROWS_LEFT = R13;
  private static final Gpr OUT = R14;
  private static final Gpr OUT_STRIDE = R15;
  private static final Gpr TILE_BYTES = RBP;
  private static final Gpr TILE_BYTES_3 = RSI;
  private static final Mask ROWS = Mask.K1;

  /** No accumulator, and nothing that lives longer than a tile. */
  private static final Vec LANE_MASK = v(14);

  private final Assembler asm;
  private final VectorLength length;
  private final int tokens;
  private final int tiles;
  private final AbiFrame frame = AbiFrame.saving(RBX, RBP, R12, R13, R14, R15);

  TileFrame(Assembler asm, int tokens, int tiles) {
    this.asm = asm;
    this.length = isAvx512() ? VectorLength.V512 : VectorLength.V256;
    this.tokens = tokens;
    this.tiles = tiles;
  }

  private boolean isAvx512() {
    return asm.level() == IsaLevel.AVX512;
  }

  private int lanes() {
    return length.lanes(Float.BYTES);
  }

  /** The accumulators, in registers from 0 on. */
  Vec accumulator(int token, int tile) {
    return v(token * tiles + tile);
  }

  /** Memory of a token, from where the inner loop is. */
  Mem token(int token, int displacement) {
    return strided(TOKENS[token / PER_BASE], STRIDE, STRIDE_3, token % PER_BASE).plus(displacement);
  }

  /** Memory of a tile, from where the inner loop is. */
  Mem weights(int tile, int displacement) {
    return strided(WEIGHTS, TILE_BYTES, TILE_BYTES_3, tile).plus(displacement);
  }

  private static Mem strided(Gpr base, Gpr stride, Gpr stride3, int times) {
    return switch (times) {
      case 0 -> Mem.at(base);
      case 1 -> Mem.at(base, stride, 1);
      case 2 -> Mem.at(base, stride, 2);
      case 3 -> Mem.at(base, stride3, 1);
      default -> throw new IllegalArgumentException("stride times " + times);
    };
  }

  void advanceTokens(int bytes) {
    for (int i = 0; i < tokens; i += PER_BASE) {
      asm.add(TOKENS[i / PER_BASE], bytes);
    }
  }

  /**
   * @param step one run of the inner loop; it advances what it reads
   */
  byte[] emit(Runnable step) {
    enter();
    Label tile = asm.here();
    startTile();
    asm.align(32);
    Label loop = asm.here();
    step.run();
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, loop);
    finishTile();
    asm.sub(TILES, tiles);
    asm.jcc(Condition.GREATER, tile);
    frame.leave(asm);
    return asm.finish();
  }

  private void enter() {
    frame.enter(asm);
    asm.sub(TILES, RSI);
    asm.mov(TILE_BYTES, Argument.TILE_BYTES.place());
    asm.mov(WEIGHTS, TILE_BYTES);
    asm.imul(WEIGHTS, RSI);
    asm.add(WEIGHTS, Argument.WEIGHTS.place());
    asm.imul(SCRATCH, RSI, lanes());
    asm.mov(ROWS_LEFT, Argument.ROWS.place());
    asm.sub(ROWS_LEFT, SCRATCH);
    asm.mov(OUT, Argument.OUT.place());
    asm.lea(OUT, Mem.at(OUT, SCRATCH, Float.BYTES));
    asm.mov(OUT_STRIDE, Argument.OUT_STRIDE.place());
    asm.mov(STRIDE, Argument.TOKEN_STRIDE.place());
    asm.lea(STRIDE_3, Mem.at(STRIDE, STRIDE, 2));
    asm.lea(TILE_BYTES_3, Mem.at(TILE_BYTES, TILE_BYTES, 2));
  }

  private void startTile() {
    asm.mov(TOKENS[0], Argument.TOKENS.place());
    for (int i = PER_BASE; i < tokens; i += PER_BASE) {
      asm.lea(TOKENS[i / PER_BASE], Mem.at(TOKENS[i / PER_BASE - 1], STRIDE, PER_BASE));
    }
    for (int i = 0; i < tokens * tiles; i++) {
      asm.zero(v(i));
    }
    asm.mov(COUNT, Argument.STEPS.place());
  }

  private void finishTile() {
    for (int tile = 0; tile < tiles; tile++) {
      store(tile);
    }
    // the inner loop went through the first tile; it may have been padded to whole lines
    asm.mov(WEIGHTS, Argument.WEIGHTS.place());
    asm.mov(SCRATCH, Argument.ROWS.place());
    asm.sub(SCRATCH, ROWS_LEFT);
    asm.shr(SCRATCH, Integer.numberOfTrailingZeros(lanes()));
    asm.imul(SCRATCH, TILE_BYTES);
    asm.add(WEIGHTS, SCRATCH);
  }

  /** Stores a tile's results: those of rows that there are. */
  private void store(int tile) {
    asm.mov(COUNT, lanes());
    asm.cmp(COUNT, ROWS_LEFT);
    asm.cmov(Condition.GREATER, COUNT, ROWS_LEFT);
    if (isAvx512()) {
      asm.mov(SCRATCH, -1);
      asm.bzhi(Width.B64, SCRATCH, SCRATCH, COUNT);
      asm.kmov(Width.B16, ROWS, SCRATCH);
      storeTokens(
          tile,
          (place, sums) -> asm.op(Row.VMOVUPS_STORE, length, place, sums, Masking.merge(ROWS)));
    } else {
      storeWithoutMasks(tile);
    }
    asm.add(OUT, length.bytes());
    asm.sub(ROWS_LEFT, lanes());
  }

  private void storeWithoutMasks(int tile) {
    Label some = asm.newLabel();
    Label done = asm.newLabel();
    asm.cmp(COUNT, lanes());
    asm.jcc(Condition.NOT_EQUAL, some);
    storeTokens(tile, (place, sums) -> asm.op(Row.VMOVUPS_STORE, length, place, sums));
    asm.jmp(done);
    asm.bind(some);
    asm.lea(SCRATCH, asm.constants32(-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0));
    asm.neg(COUNT);
    asm.op(Row.VMOVDQU, length, LANE_MASK, Mem.at(SCRATCH, COUNT, 4, length.bytes()));
    storeTokens(
        tile, (place, sums) -> asm.op(Row.VMASKMOVPS_STORE, length, place, LANE_MASK, sums));
    asm.bind(done);
  }

  private void storeTokens(int tile, BiConsumer<Mem, Vec> store) {
    asm.mov(SCRATCH, OUT);
    for (int token = 0; token < tokens; token++) {
      store.accept(Mem.at(SCRATCH), accumulator(token, tile));
      asm.add(SCRATCH, OUT_STRIDE);
    }
  }
}
