package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Packs strips of matrices into panels [k, column]; one per thread, since it owns an argument
 * block.
 */
final class Panels {
  private final GemmCode code;
  private final MemorySegment arguments;

  /**
   * @param arguments {@link PanelPacker.Argument#BLOCK_BYTES}
   */
  Panels(GemmCode code, MemorySegment arguments) {
    this.code = code;
    this.arguments = arguments;
  }

  /** Packs source[k .. k + depth, column .. column + width] to the address {@code panel}. */
  void pack(Matrix source, long k, long depth, long column, int width, long panel) {
    int bytes = code.type.bytes();
    int vectors = (width + code.lanes - 1) / code.lanes;
    int lastLanes = width - (vectors - 1) * code.lanes;
    long from = source.element(bytes, k, column);
    if (source.columnStride() == 1) {
      run(PanelPacker.Source.COLUMN_CONTIGUOUS, vectors, lastLanes, source, from, panel, depth);
      return;
    }
    long blocked = 0;
    if (source.rowStride() == 1 && code.type == ElementType.F32) {
      blocked = depth - depth % code.lanes;
      run(PanelPacker.Source.K_CONTIGUOUS, vectors, lastLanes, source, from, panel, blocked);
    }
    from += blocked * source.rowStride() * bytes;
    panel += blocked * vectors * code.lanes * bytes;
    run(PanelPacker.Source.STRIDED, vectors, lastLanes, source, from, panel, depth - blocked);
  }

  private void run(
      PanelPacker.Source order,
      int vectors,
      int lastLanes,
      Matrix source,
      long from,
      long panel,
      long depth) {
    if (depth == 0) {
      return;
    }
    int bytes = code.type.bytes();
    set(PanelPacker.Argument.SOURCE, from);
    set(PanelPacker.Argument.K_STRIDE, source.rowStride() * bytes);
    set(PanelPacker.Argument.COLUMN_STRIDE, source.columnStride() * bytes);
    set(PanelPacker.Argument.PANEL, panel);
    set(PanelPacker.Argument.DEPTH, depth);
    MachineCode.run(code.packer(vectors, lastLanes, order), arguments.address(), 0, 1);
  }

  private void set(PanelPacker.Argument argument, long value) {
    arguments.set(ValueLayout.JAVA_LONG, argument.offset(), value);
  }
}
