package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.DType;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/**
 * Tiles of rows of floats: one vector for each k. Each output is one chain of fma, so that a kernel
 * for few tokens advances through several tiles at once to have chains enough.
 */
record FloatFormat(DType dtype, IsaLevel level) implements TileFormat {
  private static final int LINE_BYTES = 64;

  /** How far ahead of itself a kernel for one token asks for weights: they come from memory. */
  private static final int AHEAD_BYTES = 1024;

  int lanes() {
    return TileFormat.lanes(level);
  }

  int elementBytes() {
    return dtype.bits() / Byte.SIZE;
  }

  @Override
  public String name() {
    return "tiles of " + lanes() + " rows, " + dtype;
  }

  @Override
  public boolean isRounded() {
    return false;
  }

  @Override
  public long steps(long k) {
    return k;
  }

  @Override
  public long tileBytes(long k) {
    return Math.ceilDiv(k * elementBytes() * lanes(), LINE_BYTES) * LINE_BYTES;
  }

  @Override
  public int tilesAtOnce(int tokens) {
    return switch (tokens) {
      case 1 -> 4;
      case 2, 3 -> 2;
      default -> 1;
    };
  }

  @Override
  public byte[] emit(int tokens, int tiles) {
    Assembler asm = new Assembler(level);
    TileFrame frame = new TileFrame(asm, tokens, tiles);
    return frame.emit(() -> step(asm, frame, tokens, tiles));
  }

  /** One k. */
  private void step(Assembler asm, TileFrame frame, int tokens, int tiles) {
    VectorLength length = level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
    int first = tokens * tiles;
    Vec broadcast = v(first + tiles);
    int bytes = elementBytes() * lanes();
    for (int tile = 0; tile < tiles; tile++) {
      if (tokens == 1) {
        asm.prefetch(Prefetch.L1, frame.weights(tile, AHEAD_BYTES));
      }
      load(asm, length, v(first + tile), frame.weights(tile, 0));
    }
    for (int token = 0; token < tokens; token++) {
      Mem x = frame.token(token, 0);
      if (level != IsaLevel.AVX512 || tiles > 1) {
        asm.op(VBROADCASTSS, length, broadcast, x);
      }
      for (int tile = 0; tile < tiles; tile++) {
        Vec sum = frame.accumulator(token, tile);
        if (level != IsaLevel.AVX512 || tiles > 1) {
          asm.op(VFMADD231PS, length, sum, v(first + tile), broadcast);
        } else {
          asm.op(VFMADD231PS, length, sum, v(first), x.toAllLanes());
        }
      }
    }
    frame.advanceTokens(Float.BYTES);
    asm.add(TileFrame.WEIGHTS, bytes);
  }

  private void load(Assembler asm, VectorLength length, Vec to, Mem place) {
    switch (dtype) {
      case F16 -> asm.op(VCVTPH2PS, length, to, place);
      case BF16 -> {
        asm.op(VPMOVZXWD, length, to, place);
        asm.op(VPSLLD, length, to, to, Short.SIZE);
      }
      default -> asm.op(VMOVUPS, length, to, place);
    }
  }
}
