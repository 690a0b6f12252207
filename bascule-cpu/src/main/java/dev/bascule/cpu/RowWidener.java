package dev.bascule.cpu;

import static dev.bascule.cpu.asm.Gpr.R10;
import static dev.bascule.cpu.asm.Gpr.R11;
import static dev.bascule.cpu.asm.Gpr.R8;
import static dev.bascule.cpu.asm.Gpr.R9;
import static dev.bascule.cpu.asm.Gpr.RCX;
import static dev.bascule.cpu.asm.Gpr.RDI;
import static dev.bascule.cpu.asm.Gpr.RDX;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.cache.CacheCode;
import dev.bascule.cpu.cache.CacheFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Turns rows of a cache, some distance apart, into dense rows of f32: a block of a cache before it
 * is multiplied with. Since the processor does not see through the distance, rows are asked for
 * eleven ahead.
 *
 * @param block numbers that share a scale, where there are scales
 * @param code none where rows are widened in Java
 */
record RowWidener(CacheFormat format, int columns, int block, Optional<MemorySegment> code) {
  private static final int STEP = 8;
  private static final int LINE_BYTES = 64;
  private static final Gpr SCALES = R11;

  /** Emitted where the columns are whole vectors, and blocks are of the usual size. */
  static RowWidener of(
      CacheFormat format, int columns, int block, IsaLevel level, ExecutableMemory memory) {
    boolean emits =
        level != IsaLevel.PORTABLE
            && columns % STEP == 0
            && (format != CacheFormat.Q8_0 || block == CacheFormat.BLOCK);
    return new RowWidener(
        format,
        columns,
        block,
        emits ? Optional.of(memory.install(emit(format, columns, level))) : Optional.empty());
  }

  private static byte[] emit(CacheFormat format, int columns, IsaLevel level) {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving();
    frame.enter(asm);
    asm.mov(R8, Mem.at(RDI, 0));
    asm.mov(RCX, Mem.at(RDI, 8));
    asm.mov(R9, Mem.at(RDI, 16));
    asm.mov(SCALES, Mem.at(RDI, 24));
    asm.lea(R10, Mem.at(RCX, RCX, 4));
    asm.lea(R10, Mem.at(RCX, R10, 2, 0));
    asm.add(R10, R8);
    Label row = asm.here();
    for (int line = 0; line < format.bytes() * columns; line += LINE_BYTES) {
      asm.prefetch(Prefetch.L1, Mem.at(R10, line));
    }
    int at = 0;
    while (at < columns) {
      boolean wide = level == IsaLevel.AVX512 && columns - at >= 2 * STEP;
      VectorLength length = wide ? VectorLength.V512 : VectorLength.V256;
      load(asm, format, length, at);
      asm.op(Row.VMOVUPS_STORE, length, Mem.at(R9, 4 * at), v(0));
      at += wide ? 2 * STEP : STEP;
    }
    asm.add(R8, RCX);
    asm.add(R10, RCX);
    asm.add(R9, 4 * columns);
    asm.add(SCALES, Mem.at(RDI, 32));
    asm.sub(RDX, 1);
    asm.jcc(Condition.GREATER, row);
    frame.leave(asm);
    return asm.finish();
  }

  /** A vector from column {@code at} on, to the first register. */
  private static void load(Assembler asm, CacheFormat format, VectorLength length, int at) {
    Mem source = Mem.at(R8, format.bytes() * at);
    switch (format) {
      case F32 -> asm.op(Row.VMOVUPS, length, v(0), source);
      case F16 -> asm.op(Row.VCVTPH2PS, length, v(0), source);
      case BF16 -> {
        asm.op(Row.VPMOVZXWD, length, v(0), source);
        asm.op(Row.VPSLLD, length, v(0), v(0), 16);
      }
      case Q8_0 -> {
        if (at % CacheFormat.BLOCK == 0) {
          Mem scale = Mem.at(SCALES, 2 * (at / CacheFormat.BLOCK));
          asm.op(Row.VPBROADCASTW, VectorLength.V256, v(1), scale);
          asm.op(Row.VCVTPH2PS, length, v(1), v(1));
        }
        asm.op(Row.VPMOVSXBD, length, v(0), source);
        asm.op(Row.VCVTDQ2PS, length, v(0), v(0));
        asm.op(Row.VMULPS, length, v(0), v(0), v(1));
      }
    }
  }

  /**
   * Widens {@code count} rows of a head, from a position on.
   *
   * @param arguments {@link CacheCode#ARGUMENT_BYTES} that nobody else uses meanwhile
   */
  void widen(
      CachedRows from,
      int head,
      long position,
      long count,
      MemorySegment target,
      MemorySegment arguments) {
    if (count == 0) {
      return;
    }
    if (code.isPresent()) {
      CacheCode.Rows rows = from.rows(head, position);
      arguments.set(ValueLayout.JAVA_LONG, 0, rows.address());
      arguments.set(ValueLayout.JAVA_LONG, 8, rows.stride());
      arguments.set(ValueLayout.JAVA_LONG, 16, target.address());
      arguments.set(ValueLayout.JAVA_LONG, 24, rows.scales());
      arguments.set(ValueLayout.JAVA_LONG, 32, rows.scaleStride());
      MachineCode.run(code.get(), arguments.address(), 0, count);
      return;
    }
    for (long row = 0; row < count; row++) {
      long element = from.numbers().element(position + row, head);
      for (int i = 0; i < columns; i++) {
        float value = number(from.numbers().memory(), element + i);
        if (from.scales().isPresent()) {
          AttentionOperand scales = from.scales().get();
          long scale = scales.element(position + row, head) + i / block;
          value *=
              Float.float16ToFloat(
                  scales.memory().get(ValueLayout.JAVA_SHORT, Short.BYTES * scale));
        }
        target.set(ValueLayout.JAVA_FLOAT, 4 * (row * columns + i), value);
      }
    }
  }

  private float number(MemorySegment memory, long element) {
    return switch (format) {
      case F32 -> memory.get(ValueLayout.JAVA_FLOAT, 4 * element);
      case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT, 2 * element));
      case BF16 -> SmallFloats.bf16ToFloat(memory.get(ValueLayout.JAVA_SHORT, 2 * element));
      case Q8_0 -> memory.get(ValueLayout.JAVA_BYTE, element);
    };
  }
}
