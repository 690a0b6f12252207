package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.gemm.TileKernel.LhsOrder;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/**
 * The kernels of one level and element type, each emitted when first asked for, and what sizes suit
 * them.
 */
final class GemmCode {
  private static final int ROWS_MAX = 16;
  private static final int VECTORS_MAX = 12;
  private static final int PACKED_VECTORS_MAX = 12;
  private static final int LANES_MAX = 16;

  private final ExecutableMemory memory;
  private final IsaLevel level;
  final ElementType type;
  final int lanes;
  private final AtomicReferenceArray<MemorySegment> tiles =
      new AtomicReferenceArray<>((ROWS_MAX + 1) * (VECTORS_MAX + 1) * 4);
  private final AtomicReferenceArray<MemorySegment> packers =
      new AtomicReferenceArray<>((PACKED_VECTORS_MAX + 1) * (LANES_MAX + 1) * 3);

  GemmCode(ExecutableMemory memory, IsaLevel level, ElementType type) {
    this.memory = memory;
    this.level = level;
    this.type = type;
    this.lanes = (level == IsaLevel.AVX512 ? 64 : 32) / type.bytes();
  }

  boolean isAvx512() {
    return level == IsaLevel.AVX512;
  }

  /**
   * Vectors of a packed panel, and so of most tiles: 12 x 2 of 32 registers, 6 x 2 of 16, leave
   * room for both operands.
   */
  int panelVectors() {
    return 2;
  }

  int panelColumns() {
    return panelVectors() * lanes;
  }

  /** The tallest tile of so many vectors. */
  int tileRowsMax(int vectors) {
    if (isAvx512()) {
      return vectors == 1 ? 16 : 12;
    }
    return vectors == 1 ? 12 : 6;
  }

  /**
   * The widest tile for few rows of which B is read where it lies: long runs of each row of B, and
   * enough independent sums to hide the latency of fma.
   */
  int tileVectorsMax(int rows) {
    return switch (rows) {
      case 1 -> isAvx512() ? 12 : 6;
      case 2 -> isAvx512() ? 8 : 4;
      case 3 -> isAvx512() ? 6 : 3;
      case 4 -> isAvx512() ? 4 : 2;
      default -> panelVectors();
    };
  }

  MemorySegment tile(int rows, int vectors, LhsOrder order, boolean masked) {
    int slot = (rows * (VECTORS_MAX + 1) + vectors) * 4 + order.ordinal() * 2 + (masked ? 1 : 0);
    return once(
        tiles, slot, () -> new TileKernel(level, type, rows, vectors, order, masked).emit());
  }

  MemorySegment packer(int vectors, int lastLanes, PanelPacker.Source source) {
    int slot = (vectors * (LANES_MAX + 1) + lastLanes) * 3 + source.ordinal();
    return once(
        packers, slot, () -> new PanelPacker(level, type, vectors, lastLanes, source).emit());
  }

  /** Two threads may both emit a kernel that is new: either will do. */
  private MemorySegment once(
      AtomicReferenceArray<MemorySegment> table, int slot, Supplier<byte[]> emitter) {
    MemorySegment code = table.getAcquire(slot);
    if (code == null) {
      code = memory.install(emitter.get());
      table.setRelease(slot, code);
    }
    return code;
  }
}
