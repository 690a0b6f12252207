package dev.bascule.cpu.portable;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Reduction;
import java.util.List;

/**
 * A kernel's instructions in the order tiles run them.
 *
 * <p>Sections alternate between work once per row (on tiles of rows) and passes along the rows (on
 * tiles of points). A pass ends where a reduction's result is needed; a row that does not fit in
 * one tile is then read and computed again in the next pass, instead of being kept. A Map kernel is
 * the one section of work per "row" of one point.
 *
 * @param sections once per row at even indices, along the row at odd ones
 * @param touches what loads, stores and indices address
 * @param registers registers needed, by {@link ScalarType#ordinal()}
 * @param pinned registers that hold one value for good
 */
record Schedule(
    List<List<Step>> sections,
    List<Touch> touches,
    List<Fold> folds,
    int[] registers,
    List<Pinned> pinned) {

  /** What a step addresses: an {@link Access}, or the coordinate along an axis. */
  record Touch(Instruction instruction) {}

  record Fold(Reduction reduction, ScalarType type) {}

  /** A constant or an extent. */
  record Pinned(Instruction instruction, int slot) {}
}
