package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import java.util.List;

/**
 * A kernel as OpenCL C.
 *
 * <p>The arguments of {@code entry}: for each parameter of the kernel a {@code global uchar *} and
 * the byte offset of the operand in it; then the dimensions, as longs; then, of an {@code indexed}
 * kernel, the {@code global int *} of statuses and the index of this launch's, which becomes 1 when
 * a data-dependent index was outside its axis.
 *
 * @param units independent pieces of work
 * @param schedule how units are laid over work items
 */
record RenderedKernel(
    String source,
    String entry,
    List<Dim> dimensions,
    Dim units,
    Schedule schedule,
    boolean indexed,
    boolean usesDouble) {
  /** How the units of a kernel are laid over work items. */
  enum Schedule {
    /** One work item walks everything: packed outputs, whose elements share bytes. */
    ALONE("one work item", 1),
    /**
     * For CPU devices: few work items, each with a range of units, and loops that the driver's
     * compiler vectorises.
     */
    RANGES("a range of rows or points for each work item", 1),
    /** For GPUs: neighbouring work items take neighbouring units. */
    INTERLEAVED("a work item for each point", 256),
    /** For GPUs: 32 work items share a row, each the lane of its number. */
    LANES("32 work items for each row", 32);

    private final String text;
    private final int groupItems;

    Schedule(String text, int groupItems) {
      this.text = text;
      this.groupItems = groupItems;
    }

    /** Work items of a group. */
    int groupItems() {
      return groupItems;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
