package dev.bascule.cpu.gemm;

import java.lang.foreign.MemorySegment;

/**
 * A few rows times a matrix that lies transposed: computed as the transposed product, so that the
 * few rows are packed and the matrix is read where it lies. The sums and their order are the same;
 * what remains is to turn a small result.
 */
final class FewRowsCall {
  /** As many rows as pay; their packed form is a part of the workspace for packed columns. */
  private static final int ROWS_MAX = 48;

  private final GemmCode code;
  private final Product product;
  private final Region region;
  private final MemorySegment workspace;
  private final FinishedTile hook;
  private final int bytes;
  private final Panels panels;
  private final long inner;
  private final long turned;
  private final MemorySegment panel;

  /**
   * @param workspace of {@link GemmCall#workspaceBytes}: the inner product's, then its result, then
   *     a panel of that turned
   */
  FewRowsCall(
      GemmCode code, Product product, Region region, MemorySegment workspace, FinishedTile hook) {
    this.code = code;
    this.product = product;
    this.region = region;
    this.hook = hook;
    this.workspace = workspace;
    this.bytes = code.type.bytes();
    this.panels =
        new Panels(
            code,
            MemorySegment.ofAddress(workspace.address() + GemmCall.PACKER_ARGUMENTS)
                .reinterpret(PanelPacker.Argument.BLOCK_BYTES));
    this.inner = GemmCall.ARGUMENTS_BYTES + GemmCall.depthBlock(product.depth()) * ROWS_MAX * bytes;
    long panelBytes = (long) ROWS_MAX * code.panelColumns() * bytes;
    this.turned = workspace.address() + inner + panelBytes;
    this.panel = MemorySegment.ofAddress(workspace.address() + inner).reinterpret(panelBytes);
  }

  /**
   * True where it pays: the lanes left empty cost less than packing the matrix would. A sum that
   * starts from the output is left to the other way.
   */
  static boolean serves(GemmCode code, Product product, Region region) {
    long rows = region.rows();
    long empty = Math.ceilDiv(rows, (long) code.lanes) * code.lanes - rows;
    return product.rhs() instanceof Matrix rhs
        && rhs.rowStride() == 1
        && rhs.columnStride() != 1
        && product.start() == Product.Start.ZERO
        && product.depth() > 0
        && rows <= ROWS_MAX
        && 5 * empty <= 2L * code.lanes;
  }

  void run() {
    Matrix rhs = (Matrix) product.rhs();
    long rows = region.rows();
    long rest = GemmCall.workspaceBytes(code, product.depth()) - (turned - workspace.address());
    long block = rest / (rows * bytes) / code.panelColumns() * code.panelColumns();
    for (long from = region.columnFrom(); from < region.columnTo(); from += block) {
      long columns = Math.min(block, region.columnTo() - from);
      Matrix lhs = product.lhs();
      long rowsAt = lhs.element(bytes, region.rowFrom(), 0);
      Product transposed =
          new Product(
              new Matrix(rhs.element(bytes, 0, from), rhs.columnStride(), 1),
              new Matrix(rowsAt, lhs.rowStride(), lhs.columnStride()).transposed(),
              Matrix.rowMajor(turned, rows),
              product.depth(),
              Product.Start.ZERO);
      Region all = new Region(0, columns, 0, rows);
      new GemmCall(code, transposed, all, workspace, FinishedTile.NONE).run();
      turn(from, columns);
      hook.finished(region.rowFrom(), region.rowTo(), from, from + columns);
    }
  }

  /** The result, [columns, rows], to where it belongs: by way of panels [row, column]. */
  private void turn(long from, long columns) {
    long rows = region.rows();
    Matrix result = new Matrix(turned, 1, rows);
    for (long j = 0; j < columns; j += code.panelColumns()) {
      int width = (int) Math.min(code.panelColumns(), columns - j);
      panels.pack(result, 0, rows, j, width, panel.address());
      long panelRow = Math.ceilDiv(width, code.lanes) * (long) code.lanes * bytes;
      for (long row = 0; row < rows; row++) {
        long to = product.out().element(bytes, region.rowFrom() + row, from + j);
        MemorySegment.copy(
            panel,
            row * panelRow,
            MemorySegment.ofAddress(to).reinterpret((long) width * bytes),
            0,
            (long) width * bytes);
      }
    }
  }
}
