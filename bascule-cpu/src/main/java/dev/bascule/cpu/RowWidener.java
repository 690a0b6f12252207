package dev.bascule.cpu;

import static dev.bascule.cpu.asm.Gpr.R10;
import static dev.bascule.cpu.asm.Gpr.R8;
import static dev.bascule.cpu.asm.Gpr.R9;
import static dev.bascule.cpu.asm.Gpr.RCX;
import static dev.bascule.cpu.asm.Gpr.RDI;
import static dev.bascule.cpu.asm.Gpr.RDX;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.VectorLength;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Turns rows of f16 or bf16, some distance apart, into dense rows of f32: a block of a cache before
 * it is multiplied with. Since the processor does not see through the distance, rows are asked for
 * eleven ahead.
 *
 * @param code none where rows are widened in Java
 */
record RowWidener(DType from, int columns, Optional<MemorySegment> code) {
  /** Words of the argument block: source, its distance between rows, target. */
  static final int ARGUMENT_BYTES = 24;

  private static final int STEP = 8;
  private static final int LINE_BYTES = 64;

  /** For f16 or bf16; emitted where the columns are whole vectors. */
  static RowWidener of(DType from, int columns, IsaLevel level, ExecutableMemory memory) {
    boolean emits = level != IsaLevel.PORTABLE && columns % STEP == 0;
    return new RowWidener(
        from,
        columns,
        emits ? Optional.of(memory.install(emit(from, columns, level))) : Optional.empty());
  }

  private static byte[] emit(DType from, int columns, IsaLevel level) {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving();
    frame.enter(asm);
    asm.mov(R8, Mem.at(RDI, 0));
    asm.mov(RCX, Mem.at(RDI, 8));
    asm.mov(R9, Mem.at(RDI, 16));
    asm.lea(R10, Mem.at(RCX, RCX, 4));
    asm.lea(R10, Mem.at(RCX, R10, 2, 0));
    asm.add(R10, R8);
    Label row = asm.here();
    for (int line = 0; line < 2 * columns; line += LINE_BYTES) {
      asm.prefetch(Prefetch.L1, Mem.at(R10, line));
    }
    int at = 0;
    while (at < columns) {
      boolean wide = level == IsaLevel.AVX512 && columns - at >= 2 * STEP;
      VectorLength length = wide ? VectorLength.V512 : VectorLength.V256;
      Mem source = Mem.at(R8, 2 * at);
      if (from == DType.F16) {
        asm.op(Row.VCVTPH2PS, length, v(0), source);
      } else {
        asm.op(Row.VPMOVZXWD, length, v(0), source);
        asm.op(Row.VPSLLD, length, v(0), v(0), 16);
      }
      asm.op(Row.VMOVUPS_STORE, length, Mem.at(R9, 4 * at), v(0));
      at += wide ? 2 * STEP : STEP;
    }
    asm.add(R8, RCX);
    asm.add(R10, RCX);
    asm.add(R9, 4 * columns);
    asm.sub(RDX, 1);
    asm.jcc(Condition.GREATER, row);
    frame.leave(asm);
    return asm.finish();
  }

  /**
   * Widens {@code rows} rows.
   *
   * @param element of {@code source}, where the first row begins
   * @param stride elements from a row to the next
   * @param arguments {@link #ARGUMENT_BYTES} that nobody else uses meanwhile
   */
  void widen(
      MemorySegment source,
      long element,
      long stride,
      long rows,
      MemorySegment target,
      MemorySegment arguments) {
    if (rows == 0) {
      return;
    }
    if (code.isPresent()) {
      arguments.set(ValueLayout.JAVA_LONG, 0, source.address() + 2 * element);
      arguments.set(ValueLayout.JAVA_LONG, 8, 2 * stride);
      arguments.set(ValueLayout.JAVA_LONG, 16, target.address());
      MachineCode.run(code.get(), arguments.address(), 0, rows);
      return;
    }
    for (long row = 0; row < rows; row++) {
      for (int i = 0; i < columns; i++) {
        short bits = source.get(ValueLayout.JAVA_SHORT, 2 * (element + row * stride + i));
        float value =
            from == DType.F16 ? Float.float16ToFloat(bits) : SmallFloats.bf16ToFloat(bits);
        target.set(ValueLayout.JAVA_FLOAT, 4 * (row * columns + i), value);
      }
    }
  }
}
