package dev.bascule.cpu.cache;

import static dev.bascule.cpu.asm.Gpr.R8;
import static dev.bascule.cpu.asm.Gpr.R9;
import static dev.bascule.cpu.asm.Gpr.RAX;
import static dev.bascule.cpu.asm.Gpr.RCX;
import static dev.bascule.cpu.asm.Gpr.RDI;
import static dev.bascule.cpu.asm.Gpr.RDX;
import static dev.bascule.cpu.asm.Gpr.RSI;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/**
 * Emits the sum of a cache's values, each times its weight: with fma over ascending keys, from what
 * was there or from zero, a lane for each channel. Sums stay in registers; where there are more of
 * them than registers, the values are read again, from a cache that is near by then.
 */
record MixKernel(IsaLevel level, CacheLayout layout) {
  /** The argument block: 8 bytes each. */
  enum Argument {
    VALUES,
    /** Bytes from a value to the next. */
    VALUE_STRIDE,
    SCALES,
    /** Bytes from a value's scales to the next's. */
    SCALE_STRIDE,
    /** Weights f32 [heads, scoreStride]. */
    WEIGHTS,
    /** Sums f32 [heads, channels]. */
    OUT,
    /** 0: start from zero; else from what is there. */
    ACCUMULATE,
    /** What is read after the values. */
    NEXT;

    Mem place() {
      return Mem.at(RDI, 8 * ordinal());
    }
  }

  private static final Gpr VALUE = R8;
  private static final Gpr STRIDE = RCX;
  private static final Gpr SCALE = R9;
  private static final Gpr WEIGHT = RAX;
  private static final Gpr OUT = RSI;
  private static final Gpr KEYS = RDX;
  private static final Gpr COUNT = Gpr.R10;
  private static final Gpr SCALE_STRIDE = Gpr.R11;
  private static final Gpr AHEAD = Gpr.RBX;
  private static final int LINE_BYTES = 64;
  private static final int AHEAD_BYTES = 2048;

  private VectorLength length() {
    return CacheLayout.length(level);
  }

  private int lanes() {
    return CacheLayout.keyStep(level);
  }

  /** Vectors whose sums are in registers at once. */
  private int vectorsMax() {
    int registers = level == IsaLevel.AVX512 ? 32 : 16;
    return Math.max(1, (registers - layout.heads() - 2) / layout.heads());
  }

  private Vec weight(int head) {
    return v(2 + head);
  }

  private static Vec value() {
    return v(0);
  }

  private static Vec scale() {
    return v(1);
  }

  private Vec sum(int head, int vectors, int vector) {
    return v(2 + layout.heads() + head * vectors + vector);
  }

  /** The code; a unit of its range is a key. */
  byte[] emit() {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving(AHEAD);
    frame.enter(asm);
    asm.sub(KEYS, RSI);
    asm.mov(OUT, Argument.OUT.place());
    asm.mov(STRIDE, Argument.VALUE_STRIDE.place());
    asm.mov(SCALE_STRIDE, Argument.SCALE_STRIDE.place());
    int all = layout.channels() / lanes();
    int parts = Math.ceilDiv(all, vectorsMax());
    for (int part = 0; part < parts; part++) {
      part(asm, all * part / parts, all * (part + 1) / parts);
    }
    frame.leave(asm);
    return asm.finish();
  }

  private void part(Assembler asm, int from, int to) {
    int vectors = to - from;
    start(asm, from, vectors);
    asm.mov(VALUE, Argument.VALUES.place());
    asm.mov(SCALE, Argument.SCALES.place());
    asm.mov(WEIGHT, Argument.WEIGHTS.place());
    asm.mov(COUNT, KEYS);
    if (from == 0) {
      startAhead(asm);
    }
    asm.align(32);
    Label key = asm.here();
    if (from == 0) {
      ahead(asm);
    }
    for (int head = 0; head < layout.heads(); head++) {
      int at = Math.toIntExact(head * layout.scoreStride() * Float.BYTES);
      asm.op(Row.VBROADCASTSS, length(), weight(head), Mem.at(WEIGHT, at));
    }
    for (int vector = 0; vector < vectors; vector++) {
      load(asm, from + vector, vector == 0);
      for (int head = 0; head < layout.heads(); head++) {
        asm.op(Row.VFMADD231PS, length(), sum(head, vectors, vector), value(), weight(head));
      }
    }
    asm.add(VALUE, STRIDE);
    asm.add(SCALE, SCALE_STRIDE);
    asm.add(WEIGHT, Float.BYTES);
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, key);
    for (int head = 0; head < layout.heads(); head++) {
      for (int vector = 0; vector < vectors; vector++) {
        asm.op(Row.VMOVUPS_STORE, length(), out(head, from + vector), sum(head, vectors, vector));
      }
    }
  }

  /** Rows between the one that is added and the one that is asked for. */
  private int rowsAhead() {
    return Integer.highestOneBit(Math.max(1, AHEAD_BYTES / rowBytes()));
  }

  private int rowBytes() {
    return layout.channels() * layout.format().bytes();
  }

  private void startAhead(Assembler asm) {
    asm.mov(AHEAD, STRIDE);
    asm.shl(AHEAD, Integer.numberOfTrailingZeros(rowsAhead()));
    asm.add(AHEAD, VALUE);
    Label many = asm.newLabel();
    asm.cmp(COUNT, rowsAhead());
    asm.jcc(Condition.GREATER, many);
    asm.mov(AHEAD, Argument.NEXT.place());
    asm.bind(many);
  }

  /** Asks for a row; behind the last for what is read next. */
  private void ahead(Assembler asm) {
    for (int line = 0; line < rowBytes(); line += LINE_BYTES) {
      asm.prefetch(Prefetch.L1, Mem.at(AHEAD, line));
    }
    asm.add(AHEAD, STRIDE);
    Label within = asm.newLabel();
    asm.cmp(COUNT, rowsAhead() + 1);
    asm.jcc(Condition.NOT_EQUAL, within);
    asm.mov(AHEAD, Argument.NEXT.place());
    asm.bind(within);
  }

  private Mem out(int head, int vector) {
    return Mem.at(OUT, (head * layout.channels() + vector * lanes()) * Float.BYTES);
  }

  private void start(Assembler asm, int from, int vectors) {
    Label zero = asm.newLabel();
    Label ready = asm.newLabel();
    asm.mov(COUNT, Argument.ACCUMULATE.place());
    asm.test(COUNT, COUNT);
    asm.jcc(Condition.EQUAL, zero);
    for (int head = 0; head < layout.heads(); head++) {
      for (int vector = 0; vector < vectors; vector++) {
        asm.op(Row.VMOVUPS, length(), sum(head, vectors, vector), out(head, from + vector));
      }
    }
    asm.jmp(ready);
    asm.bind(zero);
    for (int head = 0; head < layout.heads(); head++) {
      for (int vector = 0; vector < vectors; vector++) {
        asm.zero(sum(head, vectors, vector));
      }
    }
    asm.bind(ready);
  }

  /** A vector of channels in f32; its block's scale too, where it is the first of a block. */
  private void load(Assembler asm, int vector, boolean isFirst) {
    int channel = vector * lanes();
    Mem place = Mem.at(VALUE, channel * layout.format().bytes());
    switch (layout.format()) {
      case F32 -> asm.op(Row.VMOVUPS, length(), value(), place);
      case F16 -> asm.op(Row.VCVTPH2PS, length(), value(), place);
      case BF16 -> {
        asm.op(Row.VPMOVZXWD, length(), value(), place);
        asm.op(Row.VPSLLD, length(), value(), value(), 16);
      }
      case Q8_0 -> {
        if (isFirst || channel % CacheFormat.BLOCK == 0) {
          Mem scale = Mem.at(SCALE, 2 * (channel / CacheFormat.BLOCK));
          asm.op(Row.VPBROADCASTW, VectorLength.V256, scale(), scale);
          asm.op(Row.VCVTPH2PS, length(), scale(), scale());
        }
        asm.op(Row.VPMOVSXBD, length(), value(), place);
        asm.op(Row.VCVTDQ2PS, length(), value(), value());
        asm.op(Row.VMULPS, length(), value(), value(), scale());
      }
    }
  }
}
