package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Matrix products for one instruction set and one element type. Holds nothing but code, which is
 * emitted when first needed: any number of threads may use it, each with a workspace of its own.
 *
 * <p>Blocking: columns in blocks whose packed form is reused by all rows, k in blocks (partial sums
 * go through the output, exactly), rows in blocks that stay in the second-level cache together with
 * what they produce.
 */
public final class Gemm {
  private final GemmCode code;

  /**
   * @param memory owns the code; outlives this
   * @param level AVX2 or AVX512
   */
  public Gemm(ExecutableMemory memory, IsaLevel level, ElementType type) {
    if (level == IsaLevel.PORTABLE) {
      throw new IllegalArgumentException("matmul: no code is emitted at the portable level");
    }
    this.code = new GemmCode(memory, level, type);
  }

  /**
   * Columns of a panel. Work split by columns is best split at multiples of it; with a packed
   * operand it must be.
   */
  public int panelColumns() {
    return code.panelColumns();
  }

  /** Rows of a tile: work split by rows is best split at multiples of it. */
  public int tileRows() {
    return code.tileRowsMax(code.panelVectors());
  }

  /**
   * Bytes of workspace, aligned to 64, that each thread needs for products of this inner dimension.
   */
  public long workspaceBytes(long depth) {
    return GemmCall.workspaceBytes(code, depth);
  }

  /**
   * Packs a right operand, so that products with it need not. The caller closes what it gets.
   *
   * @param source [depth, columns], any strides
   */
  public PackedMatrix pack(Matrix source, long depth, long columns) {
    PackedMatrix packed = PackedMatrix.allocate(code, depth, columns);
    pack(source, packed);
    return packed;
  }

  /** Bytes that a packed right operand takes. */
  public long packedBytes(long depth, long columns) {
    return PackedMatrix.bytes(code, depth, columns);
  }

  /** A right operand that is packed already, in memory aligned to 64 that somebody else owns. */
  public PackedMatrix packedAt(MemorySegment memory, long depth, long columns) {
    return PackedMatrix.at(code, depth, columns, memory);
  }

  /**
   * Packs a right operand into memory of {@link #packedBytes} that somebody else owns, aligned to
   * 64.
   */
  public void pack(Matrix source, long depth, long columns, MemorySegment target) {
    pack(source, PackedMatrix.at(code, depth, columns, target));
  }

  private void pack(Matrix source, PackedMatrix packed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(PanelPacker.Argument.BLOCK_BYTES, 8);
      pack(source, packed, 0, packed.columns(), arguments);
    }
  }

  /**
   * Packs some columns of a right operand, allocating nothing.
   *
   * @param source [depth, columns], any strides; its first column is packed as column {@code from}
   * @param from a multiple of {@link #panelColumns}
   * @param to where to stop: a multiple of it too, or the end of the packed operand
   * @param workspace {@link #workspaceBytes}, used by nobody else meanwhile
   */
  public void pack(
      Matrix source, PackedMatrix packed, long from, long to, MemorySegment workspace) {
    Panels panels = new Panels(code, workspace.asSlice(0, PanelPacker.Argument.BLOCK_BYTES));
    for (long column = from; column < to; column += panelColumns()) {
      int count = (int) Math.min(panelColumns(), to - column);
      long panel = packed.address() + packed.index(0, column) * code.type.bytes();
      panels.pack(source, 0, packed.depth(), column - from, count, panel);
    }
  }

  /**
   * Computes a region of a product.
   *
   * @param workspace at least {@link #workspaceBytes}, aligned to 64, used by nobody else meanwhile
   * @param hook told of every part that is final
   */
  public void multiply(Product product, Region region, MemorySegment workspace, FinishedTile hook) {
    if (product.rhs() instanceof PackedMatrix packed
        && (region.columnFrom() % panelColumns() != 0 || region.columnTo() > packed.columns())) {
      throw new IllegalArgumentException(
          "matmul: "
              + region
              + " of a packed operand with "
              + packed.columns()
              + " columns: expected to lie within, and to begin at a multiple of "
              + panelColumns());
    }
    if (FewRowsCall.serves(code, product, region)) {
      new FewRowsCall(code, product, region, workspace, hook).run();
    } else {
      new GemmCall(code, product, region, workspace, hook).run();
    }
  }
}
