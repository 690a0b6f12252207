package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/**
 * Emits the kernel over tiles of a {@link BlockFormat}: for each group of a block an exact integer
 * sum for each token and row, then its product with the scales, added by fma. The weights are
 * unpacked once for all tokens.
 */
final class BlockTileKernel {
  private static final int LINE_BYTES = 64;

  /** How far ahead, in blocks, activations of several tokens are asked for. */
  private static final int BLOCKS_AHEAD = 4;

  private final BlockFormat format;
  private final int tokens;
  private final Assembler asm;
  private final VectorLength length;
  private final TileFrame frame;
  private final KernelRegisters registers;
  private final NumberCode numbers;
  private final ScaleCode scales;
  private final DotCode dot;

  BlockTileKernel(BlockFormat format, int tokens) {
    this.format = format;
    this.tokens = tokens;
    this.asm = new Assembler(format.level());
    this.length = format.level() == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
    this.frame = new TileFrame(asm, tokens, 1);
    this.registers = new KernelRegisters(format.level());
    this.numbers = new NumberCode(format, asm, registers);
    this.scales = new ScaleCode(format, asm, registers);
    this.dot = DotCode.of(format, asm, registers);
  }

  static int tokensMax(IsaLevel level) {
    return level == IsaLevel.AVX512 ? TileFrame.TOKENS_MAX : 4;
  }

  byte[] emit() {
    numbers.prepare();
    dot.prepare();
    return frame.emit(this::unit);
  }

  private void unit() {
    for (int i = 0; i < format.headerBytes(); i += LINE_BYTES) {
      numbers.prefetch(i);
    }
    for (int block = 0; block < format.unitBlocks(); block++) {
      int at = format.headerBytes() + block * format.blockBytes();
      for (int group = 0; group < format.groups(); group++) {
        group(block, group, at);
      }
      frame.advanceTokens(ActivationRow.RECORD_BYTES);
    }
    asm.add(TileFrame.WEIGHTS, format.unitBytes());
  }

  private void group(int block, int group, int at) {
    int vectors = BlockFormat.VECTORS / format.groups();
    for (int token = 0; token < tokens; token++) {
      if (tokens > 1 && group == 0) {
        asm.prefetch(Prefetch.L1, frame.token(token, BLOCKS_AHEAD * ActivationRow.RECORD_BYTES));
      }
      dot.start(sum(token), frame.token(token, 0), group);
    }
    for (int i = group * vectors; i < (group + 1) * vectors; i += 2) {
      numbers.load(at, i);
      dot.loaded();
      for (int token = 0; token < tokens; token++) {
        Mem first = frame.token(token, BlockFormat.QUAD * i);
        boolean isFirst = i == group * vectors;
        dot.add(sum(token), first, first.plus(BlockFormat.QUAD), isFirst);
      }
    }
    for (int token = 0; token < tokens; token++) {
      dot.finish(sum(token), frame.token(token, 0), group);
      asm.op(VCVTDQ2PS, length, sum(token), sum(token));
    }
    scales.load(block, group);
    for (int token = 0; token < tokens; token++) {
      scale(token, group);
    }
  }

  /** The integer sum of a token. */
  private Vec sum(int token) {
    return v(tokens + token);
  }

  private void scale(int token, int group) {
    Vec product = registers.first;
    Mem d = frame.token(token, ActivationRow.SCALE_AT);
    Vec accumulator = frame.accumulator(token, 0);
    multiply(product, registers.scale, d);
    asm.op(VFMADD231PS, length, accumulator, sum(token), product);
    if (format.type().hasOffsets()) {
      multiply(product, registers.offset, d);
      // a group's sum is behind that over all of the block
      int which = format.groups() == 1 ? 0 : 1 + group;
      Mem total = frame.token(token, ActivationRow.SUMS_AT + which * Float.BYTES);
      if (format.level() == IsaLevel.AVX512) {
        asm.op(scales.offsetFma(), length, accumulator, product, total.toAllLanes());
      } else {
        asm.op(VBROADCASTSS, length, registers.second, total);
        asm.op(scales.offsetFma(), length, accumulator, product, registers.second);
      }
    }
  }

  private void multiply(Vec product, Vec scale, Mem d) {
    if (format.level() == IsaLevel.AVX512) {
      asm.op(VMULPS, length, product, scale, d.toAllLanes());
    } else {
      asm.op(VBROADCASTSS, length, product, d);
      asm.op(VMULPS, length, product, scale, product);
    }
  }
}
