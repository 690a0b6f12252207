package dev.bascule.cpu.emit;

import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.asm.IsaLevel;

/**
 * The code of one variant of a kernel and the frame it works in.
 *
 * @param keptElementsMax the longest row whose values fit where they are kept
 */
record Emission(Layout layout, byte[] code, long keptElementsMax) {
  /**
   * Room for values kept from one loop over a row to the next: they should stay in the L2 cache.
   */
  static final long KEPT_BYTES_MAX = 256 << 10;

  /** Elements of a long axis that make a unit of a Map kernel. */
  static final long MAP_BLOCK = 4096;

  /** Columns that a unit of a kernel of columns covers. */
  static final int COLUMNS = 512;

  /**
   * Writes the code.
   *
   * @param keep whether values are kept between loops over a row; false for any length of row
   * @throws Decline where the kernel has something that is not emitted
   */
  static Emission of(Kernel kernel, Nest nest, IsaLevel isa, boolean keep) {
    Stages stages = Stages.of(kernel, nest, keep && nest.mode() == Nest.Mode.ROW);
    Layout layout;
    try {
      layout = written(kernel, nest, stages, isa, false);
    } catch (Decline.Registers shortage) {
      layout = written(kernel, nest, stages, isa, true);
    }
    if (!layout.keptInFrame.isEmpty() && layout.frame.bytes() > Frame.FIXED_BYTES_MAX) {
      throw new Decline("more values than a frame has room for");
    }
    return new Emission(layout, layout.asm.finish(), keptElements(layout));
  }

  private static Layout written(
      Kernel kernel, Nest nest, Stages stages, IsaLevel isa, boolean frugal) {
    Layout layout = new Layout(kernel, nest, stages, isa, frugal);
    switch (nest.mode()) {
      case MAP, ROW -> new RowCode(layout).emit();
      case COLUMN -> new ColumnCode(layout).emit();
    }
    return layout;
  }

  private static long keptElements(Layout layout) {
    int widest = 4;
    for (int i : layout.keptInFrame) {
      widest = Math.max(widest, layout.type(i).bytes());
    }
    int kept = layout.keptInFrame.size();
    return kept == 0 ? Long.MAX_VALUE : KEPT_BYTES_MAX / kept / widest;
  }

  boolean keepsInFrame() {
    return !layout.keptInFrame.isEmpty();
  }
}
