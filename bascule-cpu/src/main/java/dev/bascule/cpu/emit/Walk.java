package dev.bascule.cpu.emit;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import java.util.List;

/**
 * How one access moves over a {@link Nest}: where it starts and its stride for each loop.
 *
 * @param odometer strides of the outer loops, innermost first
 * @param vectorStride elements from one lane to the next; meaningless where {@code vector} is TABLE
 * @param rowStride elements from one row position to the next, where the row is a loop of its own
 * @param rowStrides strides of the kernel's row axes, for tables
 */
record Walk(
    int parameter,
    DType dtype,
    Dim offset,
    List<Dim> odometer,
    Step vector,
    Dim vectorStride,
    Step row,
    Dim rowStride,
    List<Dim> rowStrides) {

  /** What one step of a loop does to an access. */
  enum Step {
    /** Nothing. */
    UNIFORM,
    CONTIGUOUS,
    STRIDED,
    /** The offsets of all positions are in a table made when the kernel is bound. */
    TABLE
  }

  /** Bytes of one element. */
  int bytes() {
    return dtype.bits() / 8;
  }

  static Step step(Dim stride) {
    return stride.is(0) ? Step.UNIFORM : stride.is(1) ? Step.CONTIGUOUS : Step.STRIDED;
  }
}
