package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.gemm.TileKernel.LhsOrder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Matrix products for one instruction set and one element type. Holds nothing but code, which is
 * emitted when first needed: any number of threads may use it, each with a workspace of its own.
 *
 * <p>Blocking: columns in blocks whose packed form is reused by all rows, k in blocks (partial sums
 * go through the output, exactly), rows in blocks that stay in the second-level cache together with
 * what they produce.
 */
public final class Gemm {
  /** k per block: a panel of B and the rows of A of a tile stay near. */
  static final int DEPTH_BLOCK = 768;

  /** Columns per block. */
  static final int COLUMN_BLOCK = 1536;

  /** Rows per block, in tiles. */
  static final int ROW_BLOCK_TILES = 4;

  /** Below so many rows, packing B costs more than reading it where it lies. */
  static final int PACK_ROWS_MIN = 48;

  private static final int ALIGNMENT = 64;

  /**
   * The workspace begins with the arguments of tiles, those of packers, and the lane mask of AVX2.
   */
  private static final int PACKER_ARGUMENTS = 128;

  private static final int LANE_MASK = 192;
  private static final int ARGUMENTS_BYTES = 256;

  private final ExecutableMemory memory;
  private final IsaLevel level;
  private final ElementType type;
  private final int lanes;
  private final int tileRows;
  private final int tileVectors;
  private final AtomicReferenceArray<MemorySegment> tileKernels;
  private final AtomicReferenceArray<MemorySegment> packers;

  /**
   * @param memory owns the code; outlives this
   * @param level AVX2 or AVX512
   */
  public Gemm(ExecutableMemory memory, IsaLevel level, ElementType type) {
    if (level == IsaLevel.PORTABLE) {
      throw new IllegalArgumentException("matmul: no code is emitted at the portable level");
    }
    this.memory = memory;
    this.level = level;
    this.type = type;
    this.lanes = (level == IsaLevel.AVX512 ? 64 : 32) / type.bytes();
    this.tileRows = level == IsaLevel.AVX512 ? 12 : 6;
    this.tileVectors = 2;
    this.tileKernels = new AtomicReferenceArray<>((tileRows + 1) * (tileVectors + 1) * 4);
    this.packers = new AtomicReferenceArray<>((tileVectors + 1) * 3);
  }

  /** Columns of a tile: work split by columns is best split at multiples of it. */
  public int tileColumns() {
    return tileVectors * lanes;
  }

  /** Rows of a tile: work split by rows is best split at multiples of it. */
  public int tileRows() {
    return tileRows;
  }

  // ---- packing

  private long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }

  /**
   * Packs a right operand.
   *
   * @param source [depth, columns]
   */
  public PackedMatrix pack(Matrix source, long depth, long columns, MemorySegment workspace) {
    long bytes = Math.max(1, depth * roundUp(columns, lanes) * type.bytes());
    PackedMatrix packed = new PackedMatrix(bytes, depth, columns);
    for (long column = 0; column < columns; column += tileColumns()) {
      long width = Math.min(tileColumns(), columns - column);
      long panel = packed.address() + column * depth * type.bytes();
      packPanel(workspace, source, 0, depth, column, width, panel);
    }
    return packed;
  }

  /** Packs [k, width] of a matrix as one panel. */
  private void packPanel(
      MemorySegment arguments,
      Matrix source,
      long k,
      long depth,
      long column,
      long width,
      long panel) {
    int vectors = (int) ((width + lanes - 1) / lanes);
    long from = element(source, k, column);
    boolean whole = width % lanes == 0;
    if (whole && source.columnStride() == 1) {
      runPacker(
          arguments, PanelPacker.Source.COLUMN_CONTIGUOUS, vectors, source, from, panel, depth, 0);
      return;
    }
    long blocked = 0;
    if (whole && source.rowStride() == 1 && type == ElementType.F32) {
      blocked = depth - depth % lanes;
      runPacker(
          arguments, PanelPacker.Source.K_CONTIGUOUS, vectors, source, from, panel, blocked, 0);
    }
    runPacker(
        arguments,
        PanelPacker.Source.STRIDED,
        vectors,
        source,
        from + blocked * source.rowStride() * type.bytes(),
        panel + blocked * vectors * lanes * type.bytes(),
        depth - blocked,
        width);
  }

  private void runPacker(
      MemorySegment arguments,
      PanelPacker.Source order,
      int vectors,
      Matrix source,
      long from,
      long panel,
      long depth,
      long columns) {
    if (depth == 0) {
      return;
    }
    set(arguments, PACKER_ARGUMENTS + PanelPacker.Argument.SOURCE.offset(), from);
    set(
        arguments,
        PACKER_ARGUMENTS + PanelPacker.Argument.K_STRIDE.offset(),
        source.rowStride() * type.bytes());
    set(
        arguments,
        PACKER_ARGUMENTS + PanelPacker.Argument.COLUMN_STRIDE.offset(),
        source.columnStride() * type.bytes());
    set(arguments, PACKER_ARGUMENTS + PanelPacker.Argument.PANEL.offset(), panel);
    set(arguments, PACKER_ARGUMENTS + PanelPacker.Argument.DEPTH.offset(), depth);
    set(arguments, PACKER_ARGUMENTS + PanelPacker.Argument.COLUMNS.offset(), columns);
    MachineCode.run(packer(vectors, order), arguments.address() + PACKER_ARGUMENTS, 0, 1);
  }

  private MemorySegment packer(int vectors, PanelPacker.Source source) {
    int slot = vectors * 3 + source.ordinal();
    MemorySegment code = packers.get(slot);
    if (code == null) {
      code = memory.install(new PanelPacker(level, type, vectors, source).emit());
      packers.set(slot, code);
    }
    return code;
  }

  private long element(Matrix matrix, long row, long column) {
    return matrix.address()
        + (row * matrix.rowStride() + column * matrix.columnStride()) * type.bytes();
  }

  private static void set(MemorySegment arguments, long offset, long value) {
    arguments.set(ValueLayout.JAVA_LONG, offset, value);
  }

  // ---- products

  /**
   * Bytes of workspace, aligned to 64, that any product of this inner dimension needs on each
   * thread.
   */
  public long workspaceBytes(long depth) {
    long block = Math.min(Math.max(depth, 1), DEPTH_BLOCK);
    return ARGUMENTS_BYTES
        + block * COLUMN_BLOCK * type.bytes()
        + block * lhsPanelColumns() * ROW_BLOCK_TILES * type.bytes();
  }

  private int lhsPanelColumns() {
    return (int) roundUp(tileRows, lanes);
  }

  /**
   * Computes a region of a product.
   *
   * @param workspace at least {@link #workspaceBytes}, aligned to 64, used by nobody else meanwhile
   * @param hook told of every part that is final
   */
  public void multiply(Product product, Region region, MemorySegment workspace, FinishedTile hook) {
    if (region.rows() == 0 || region.columns() == 0) {
      return;
    }
    if (product.rhs() instanceof PackedMatrix packed
        && (region.columnFrom() % tileColumns() != 0 || region.columnTo() > packed.columns())) {
      throw new IllegalArgumentException(
          "matmul: region "
              + region
              + " of a packed operand with "
              + packed.columns()
              + " columns: expected to begin at a multiple of "
              + tileColumns());
    }
    Call call = new Call(product, region, workspace, hook);
    if (product.depth() == 0) {
      call.depthZero();
      return;
    }
    for (long column = region.columnFrom(); column < region.columnTo(); column += COLUMN_BLOCK) {
      long columns = Math.min(COLUMN_BLOCK, region.columnTo() - column);
      for (long k = 0; k < product.depth(); k += DEPTH_BLOCK) {
        call.block(column, columns, k, Math.min(DEPTH_BLOCK, product.depth() - k));
      }
    }
  }

  /** One call of {@link #multiply} on one thread. */
  private final class Call {
    private final Product product;
    private final Region region;
    private final MemorySegment arguments;
    private final FinishedTile hook;
    private final long rhsPanels;
    private final long lhsPanels;

    Call(Product product, Region region, MemorySegment workspace, FinishedTile hook) {
      this.product = product;
      this.region = region;
      this.arguments = workspace;
      this.hook = hook;
      long block = Math.min(Math.max(product.depth(), 1), DEPTH_BLOCK);
      this.rhsPanels = workspace.address() + ARGUMENTS_BYTES;
      this.lhsPanels = rhsPanels + block * COLUMN_BLOCK * type.bytes();
    }

    void depthZero() {
      if (product.start() == Product.Start.ZERO) {
        for (long row = region.rowFrom(); row < region.rowTo(); row++) {
          MemorySegment.ofAddress(element(product.out(), row, region.columnFrom()))
              .reinterpret(region.columns() * type.bytes())
              .fill((byte) 0);
        }
      }
      hook.finished(region.rowFrom(), region.rowTo(), region.columnFrom(), region.columnTo());
    }

    /** All rows of some columns, for some k. */
    void block(long column, long columns, long k, long depth) {
      boolean last = k + depth == product.depth();
      boolean packs = packsRhs();
      if (packs) {
        Matrix rhs = (Matrix) product.rhs();
        for (long j = 0; j < columns; j += tileColumns()) {
          long width = Math.min(tileColumns(), columns - j);
          long panel = rhsPanels + j * depth * type.bytes();
          packPanel(arguments, rhs, k, depth, column + j, width, panel);
        }
      }
      set(arguments, TileKernel.Argument.DEPTH.offset(), depth);
      long accumulate = k > 0 || product.start() == Product.Start.OUT ? 1 : 0;
      set(arguments, TileKernel.Argument.ACCUMULATE.offset(), accumulate);
      long step = (long) ROW_BLOCK_TILES * tileRows;
      for (long row = region.rowFrom(); row < region.rowTo(); row += step) {
        long rows = Math.min(step, region.rowTo() - row);
        set(arguments, TileKernel.Argument.DEPTH.offset(), depth);
        set(arguments, TileKernel.Argument.ACCUMULATE.offset(), accumulate);
        rows(row, rows, column, columns, k, depth, packs);
        if (last) {
          hook.finished(row, row + rows, column, column + columns);
        }
      }
    }

    private boolean packsRhs() {
      return product.rhs() instanceof Matrix rhs
          && (rhs.columnStride() != 1 || region.rows() >= PACK_ROWS_MIN);
    }

    /** Tiles of equal height, or one less, so that none is thin. */
    private void rows(
        long row, long rows, long column, long columns, long k, long depth, boolean packed) {
      long tiles = (rows + tileRows - 1) / tileRows;
      int height = (int) ((rows + tiles - 1) / tiles);
      long tall = rows - tiles * (height - 1);
      rowsOfHeight(row, height, tall, column, columns, k, depth, packed);
      if (tall < tiles) {
        long next = row + tall * height;
        rowsOfHeight(next, height - 1, tiles - tall, column, columns, k, depth, packed);
      }
    }

    private void rowsOfHeight(
        long row,
        int height,
        long tiles,
        long column,
        long columns,
        long k,
        long depth,
        boolean packed) {
      LhsOrder order = lhs(row, height, tiles, k, depth);
      for (long j = 0; j < columns; j += tileColumns()) {
        int width = (int) Math.min(tileColumns(), columns - j);
        int vectors = (width + lanes - 1) / lanes;
        rhs(column, j, width, vectors, k, depth, packed);
        set(arguments, TileKernel.Argument.OUT.offset(), element(product.out(), row, column + j));
        set(
            arguments,
            TileKernel.Argument.OUT_STRIDE.offset(),
            product.out().rowStride() * type.bytes());
        boolean masked = width % lanes != 0;
        if (masked) {
          mask(width % lanes);
        }
        MachineCode.run(tileKernel(height, vectors, order, masked), arguments.address(), 0, tiles);
      }
    }

    private LhsOrder lhs(long row, int height, long tiles, long k, long depth) {
      Matrix lhs = product.lhs();
      long address = element(lhs, row, k);
      if (lhs.columnStride() == 1) {
        lhsArguments(address, lhs.rowStride(), height * lhs.rowStride());
        return LhsOrder.K_CONTIGUOUS;
      }
      if (lhs.rowStride() == 1) {
        lhsArguments(address, lhs.columnStride(), height);
        return LhsOrder.ROW_CONTIGUOUS;
      }
      long panel = depth * lhsPanelColumns();
      int vectors = lhsPanelColumns() / lanes;
      for (long tile = 0; tile < tiles; tile++) {
        runPacker(
            arguments,
            PanelPacker.Source.STRIDED,
            vectors,
            lhs.transposed(),
            element(lhs, row + tile * height, k),
            lhsPanels + tile * panel * type.bytes(),
            depth,
            height);
      }
      lhsArguments(lhsPanels, lhsPanelColumns(), panel);
      return LhsOrder.ROW_CONTIGUOUS;
    }

    private void lhsArguments(long address, long stride, long tileStep) {
      set(arguments, TileKernel.Argument.LHS.offset(), address);
      set(arguments, TileKernel.Argument.LHS_STRIDE.offset(), stride * type.bytes());
      set(arguments, TileKernel.Argument.LHS_TILE_STEP.offset(), tileStep * type.bytes());
    }

    private void rhs(
        long column, long j, int width, int vectors, long k, long depth, boolean packed) {
      long address;
      long stride = (long) vectors * lanes;
      if (packed) {
        address = rhsPanels + j * depth * type.bytes();
      } else {
        switch (product.rhs()) {
          case PackedMatrix matrix -> {
            long panel = (column + j) * matrix.depth();
            stride = Math.min(tileColumns(), roundUp(matrix.columns() - column - j, lanes));
            address = matrix.address() + (panel + k * stride) * type.bytes();
          }
          case Matrix matrix -> {
            address = element(matrix, k, column + j);
            stride = matrix.rowStride();
          }
        }
      }
      set(arguments, TileKernel.Argument.RHS.offset(), address);
      set(arguments, TileKernel.Argument.RHS_STRIDE.offset(), stride * type.bytes());
    }

    private void mask(int columns) {
      long mask = (1L << columns) - 1;
      if (level == IsaLevel.AVX2) {
        for (int lane = 0; lane < lanes; lane++) {
          long at = LANE_MASK + (long) lane * type.bytes();
          int bits = lane < columns ? -1 : 0;
          arguments.set(ValueLayout.JAVA_INT, at, bits);
          arguments.set(ValueLayout.JAVA_INT, at + type.bytes() - 4, bits);
        }
        mask = arguments.address() + LANE_MASK;
      }
      set(arguments, TileKernel.Argument.COLUMN_MASK.offset(), mask);
    }
  }

  private MemorySegment tileKernel(int rows, int vectors, LhsOrder order, boolean masked) {
    int slot = (rows * (tileVectors + 1) + vectors) * 4 + order.ordinal() * 2 + (masked ? 1 : 0);
    MemorySegment code = tileKernels.get(slot);
    if (code == null) {
      code = memory.install(new TileKernel(level, type, rows, vectors, order, masked).emit());
      tileKernels.set(slot, code);
    }
    return code;
  }
}
