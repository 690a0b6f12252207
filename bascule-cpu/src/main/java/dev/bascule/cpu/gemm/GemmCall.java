package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.gemm.TileKernel.Argument;
import dev.bascule.cpu.gemm.TileKernel.LhsOrder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One region of one product, on one thread. */
final class GemmCall {
  /** k per block: two rows of tiles and a panel stay in the second-level cache. */
  private static final int DEPTH_BLOCK = 768;

  /** Columns per block of B that is packed within the call. */
  private static final int COLUMN_BLOCK = 1536;

  /**
   * Panels per block where each is packed to be used but once: they are still in the second-level
   * cache then.
   */
  private static final int ONCE_PANELS = 4;

  /** Rows per block; a multiple of every tile's height and of every vector's lanes. */
  private static final int ROW_BLOCK = 48;

  /** With fewer rows, packing B costs more than reading it where it lies. */
  private static final int PACK_RHS_ROWS_MIN = 48;

  /** With fewer panels to multiply it with, packing A costs more than reading it where it lies. */
  private static final int PACK_LHS_PANELS_MIN = 4;

  /** From this stride on, each k of a transposed A is in a page of its own. */
  private static final int FAR_BYTES = 4096;

  /**
   * Rows at multiples of this distance fall into one set of the first-level cache, and a set has so
   * many ways: a taller tile pushes its own rows out.
   */
  private static final int COLLIDING_BYTES = 4096;

  private static final int COLLIDING_ROWS = 8;

  /**
   * The workspace begins with the arguments of tiles, those of packers, and the lane mask of AVX2.
   */
  static final int PACKER_ARGUMENTS = 128;

  private static final int LANE_MASK = 192;
  static final int ARGUMENTS_BYTES = 256;

  private final GemmCode code;
  private final Product product;
  private final Region region;
  private final FinishedTile hook;
  private final int bytes;
  private final MemorySegment arguments;
  private final Panels panels;
  private final long rhsPanels;
  private final long lhsPanel;
  private final boolean packsRhs;

  /** The block of columns and of k at work. */
  private long column;

  private long columns;
  private long k;
  private long depth;

  /** The block of rows at work: where its rows of A are, and the bytes from one to the next. */
  private long lhsAddress;

  private long lhsRowStep;

  GemmCall(
      GemmCode code, Product product, Region region, MemorySegment workspace, FinishedTile hook) {
    this.code = code;
    this.product = product;
    this.region = region;
    this.hook = hook;
    this.bytes = code.type.bytes();
    // The global scope spares each access the question whether the caller's memory is still there.
    this.arguments = MemorySegment.ofAddress(workspace.address()).reinterpret(ARGUMENTS_BYTES);
    this.panels = new Panels(code, arguments.asSlice(PACKER_ARGUMENTS));
    this.rhsPanels = workspace.address() + ARGUMENTS_BYTES;
    this.lhsPanel = rhsPanels + depthBlock(product.depth()) * COLUMN_BLOCK * bytes;
    this.packsRhs =
        product.rhs() instanceof Matrix rhs
            && (rhs.columnStride() != 1 || region.rows() >= PACK_RHS_ROWS_MIN);
    if (workspace.byteSize() < workspaceBytes(code, product.depth())) {
      throw new IllegalArgumentException(
          "matmul: workspace of "
              + workspace.byteSize()
              + " bytes, expected "
              + workspaceBytes(code, product.depth()));
    }
  }

  /** Never less for a larger depth, so that a workspace for the largest depth serves all. */
  static long workspaceBytes(GemmCode code, long depth) {
    long depthBlockMax = Math.min(DEPTH_BLOCK, (depth + 15) / 16 * 16);
    return ARGUMENTS_BYTES + depthBlockMax * (COLUMN_BLOCK + ROW_BLOCK) * code.type.bytes();
  }

  /** Blocks of equal size, so that none is short. */
  static long depthBlock(long depth) {
    long blocks = Math.max(1, (depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK);
    return ((depth + blocks - 1) / blocks + 15) / 16 * 16;
  }

  void run() {
    if (region.rows() == 0 || region.columns() == 0) {
      return;
    }
    if (product.depth() == 0) {
      sumOfNothing();
      return;
    }
    set(Argument.OUT_STRIDE, product.out().rowStride() * bytes);
    long depthBlock = depthBlock(product.depth());
    boolean once = packsRhs && region.rows() <= ROW_BLOCK;
    long columnBlock = once ? (long) ONCE_PANELS * code.panelColumns() : COLUMN_BLOCK;
    for (column = region.columnFrom(); column < region.columnTo(); column += columnBlock) {
      columns = Math.min(columnBlock, region.columnTo() - column);
      for (k = 0; k < product.depth(); k += depthBlock) {
        depth = Math.min(depthBlock, product.depth() - k);
        block();
      }
    }
  }

  private void sumOfNothing() {
    if (product.start() == Product.Start.ZERO) {
      for (long row = region.rowFrom(); row < region.rowTo(); row++) {
        MemorySegment.ofAddress(product.out().element(bytes, row, region.columnFrom()))
            .reinterpret(region.columns() * bytes)
            .fill((byte) 0);
      }
    }
    hook.finished(region.rowFrom(), region.rowTo(), region.columnFrom(), region.columnTo());
  }

  /** All rows of the block of columns, for the block of k. */
  private void block() {
    if (packsRhs) {
      packRhs();
    }
    set(Argument.DEPTH, depth);
    set(Argument.ACCUMULATE, k > 0 || product.start() == Product.Start.OUT ? 1 : 0);
    boolean last = k + depth == product.depth();
    for (long row = region.rowFrom(); row < region.rowTo(); row += ROW_BLOCK) {
      long rows = Math.min(ROW_BLOCK, region.rowTo() - row);
      rows(row, rows);
      if (last) {
        hook.finished(row, row + rows, column, column + columns);
      }
    }
  }

  private void packRhs() {
    Matrix rhs = (Matrix) product.rhs();
    for (long j = 0; j < columns; j += code.panelColumns()) {
      int width = (int) Math.min(code.panelColumns(), columns - j);
      panels.pack(rhs, k, depth, column + j, width, rhsPanels + j * depth * bytes);
    }
  }

  /** Tiles of equal height, or one less, so that none is thin. */
  private void rows(long row, long rows) {
    LhsOrder order = lhs(row, rows);
    int heightMax = code.tileRowsMax(columns > code.lanes ? code.panelVectors() : 1);
    long tiles = (rows + heightMax - 1) / heightMax;
    int height = (int) ((rows + tiles - 1) / tiles);
    long tall = rows - tiles * (height - 1);
    tiles(order, row, 0, height, tall);
    if (tall < tiles) {
      tiles(order, row, tall * height, height - 1, tiles - tall);
    }
  }

  /** Says where the rows of the block are, packed or not, and in which order. */
  private LhsOrder lhs(long row, long rows) {
    Matrix lhs = product.lhs();
    if (packsLhs()) {
      panels.pack(lhs.transposed(), k, depth, row, (int) rows, lhsPanel);
      lhsAddress = lhsPanel;
      lhsRowStep = bytes;
      set(Argument.LHS_STRIDE, (rows + code.lanes - 1) / code.lanes * code.lanes * bytes);
      return LhsOrder.ROW_CONTIGUOUS;
    }
    lhsAddress = lhs.element(bytes, row, k);
    lhsRowStep = lhs.rowStride() * bytes;
    if (lhs.columnStride() == 1) {
      set(Argument.LHS_STRIDE, lhs.rowStride() * bytes);
      return LhsOrder.K_CONTIGUOUS;
    }
    set(Argument.LHS_STRIDE, lhs.columnStride() * bytes);
    return LhsOrder.ROW_CONTIGUOUS;
  }

  /** Some tiles of one height, one below the other, for all columns of the block. */
  private void tiles(LhsOrder order, long block, long offset, int height, long tiles) {
    set(Argument.LHS, lhsAddress + offset * lhsRowStep);
    set(Argument.LHS_TILE_STEP, height * lhsRowStep);
    boolean inPlace = !packsRhs && product.rhs() instanceof Matrix;
    int tileVectors = inPlace ? code.tileVectorsMax(height) : code.panelVectors();
    int tileColumns = tileVectors * code.lanes;
    for (long j = 0; j < columns; j += tileColumns) {
      int width = (int) Math.min(tileColumns, columns - j);
      int vectors = (width + code.lanes - 1) / code.lanes;
      int rest = width % code.lanes;
      rhs(j, (long) vectors * code.lanes);
      set(Argument.OUT, product.out().element(bytes, block + offset, column + j));
      if (rest != 0) {
        mask(rest);
      }
      MemorySegment kernel = code.tile(height, vectors, order, rest != 0);
      MachineCode.run(kernel, arguments.address(), 0, tiles);
    }
  }

  private boolean packsLhs() {
    Matrix lhs = product.lhs();
    boolean pays = columns >= (long) PACK_LHS_PANELS_MIN * code.panelColumns();
    if (lhs.columnStride() == 1) {
      return pays
          && code.tileRowsMax(code.panelVectors()) > COLLIDING_ROWS
          && lhs.rowStride() != 0
          && lhs.rowStride() * bytes % COLLIDING_BYTES == 0;
    }
    return lhs.rowStride() != 1 || (pays && Math.abs(lhs.columnStride()) * bytes >= FAR_BYTES);
  }

  private void rhs(long j, long width) {
    if (packsRhs) {
      rhsAt(rhsPanels + j * depth * bytes, width);
      return;
    }
    switch (product.rhs()) {
      case PackedMatrix packed -> {
        // The region may end within the panel: its width is the panel's.
        rhsAt(
            packed.address() + packed.index(k, column + j) * bytes, packed.panelWidth(column + j));
      }
      case Matrix matrix -> rhsAt(matrix.element(bytes, k, column + j), matrix.rowStride());
    }
  }

  private void rhsAt(long address, long stride) {
    set(Argument.RHS, address);
    set(Argument.RHS_STRIDE, stride * bytes);
  }

  private void mask(int lanes) {
    if (code.isAvx512()) {
      set(Argument.COLUMN_MASK, (1L << lanes) - 1);
      return;
    }
    for (int i = 0; i < code.lanes * bytes / 4; i++) {
      arguments.set(ValueLayout.JAVA_INT, LANE_MASK + 4L * i, i < lanes * bytes / 4 ? -1 : 0);
    }
    set(Argument.COLUMN_MASK, arguments.address() + LANE_MASK);
  }

  private void set(Argument argument, long value) {
    arguments.set(ValueLayout.JAVA_LONG, argument.offset(), value);
  }
}
