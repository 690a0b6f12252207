package dev.bascule.cpu.portable;

import dev.bascule.core.Bindings;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.KernelCode;
import java.util.ArrayList;
import java.util.List;

/** A scheduled kernel over fixed memory and dimensions; a unit is one tile of rows. */
final class BoundTiles implements KernelCode.BoundCode {
  private final Step[][] sections;
  private final Layout layout;
  private final long units;

  /** One per worker; a kernel of one unit needs only one. */
  private final List<Tile> tiles = new ArrayList<>();

  /**
   * @param serial true where neighbouring units may share a byte, so that one thread runs them all
   */
  BoundTiles(
      Schedule schedule,
      Layout layout,
      List<Place> places,
      Bindings dims,
      int workers,
      boolean serial) {
    this.layout = layout;
    this.sections =
        schedule.sections().stream()
            .map(steps -> steps.toArray(Step[]::new))
            .toArray(Step[][]::new);
    long all = Math.ceilDiv(layout.rows(), (long) layout.tileRows());
    this.units = serial ? Math.min(1, all) : all;
    for (int worker = 0; worker < (units <= 1 ? 1 : workers); worker++) {
      tiles.add(tile(schedule, layout, places, dims));
    }
  }

  private static Tile tile(Schedule schedule, Layout layout, List<Place> places, Bindings dims) {
    int elements = layout.tileElements();
    Registers registers = new Registers(schedule.registers(), elements);
    for (Schedule.Pinned pinned : schedule.pinned()) {
      Instruction instruction = pinned.instruction();
      long bits =
          switch (instruction) {
            case Instruction.Constant constant -> constant.bits();
            case Instruction.Extent extent -> extent.dim().evaluate(dims);
            default -> throw new AssertionError(instruction + " holds no one value");
          };
      registers.fill(instruction.type(), pinned.slot(), 0, elements, bits);
    }
    Accumulator[] accumulators = new Accumulator[schedule.folds().size()];
    for (int fold = 0; fold < accumulators.length; fold++) {
      Schedule.Fold reduction = schedule.folds().get(fold);
      accumulators[fold] =
          new Accumulator(
              reduction.reduction(), reduction.type(), layout.rowElements(), layout.tileRows());
    }
    return new Tile(places, registers, accumulators, layout);
  }

  @Override
  public long units() {
    return units;
  }

  @Override
  public long unitElements() {
    long perUnit = units == 1 ? layout.rows() : layout.tileRows();
    return perUnit * Math.max(1, layout.rowElements());
  }

  @Override
  public void run(int worker, long low, long high) {
    Tile tile = tiles.get(Math.min(worker, tiles.size() - 1));
    long end = high == units ? layout.rows() : high * layout.tileRows();
    for (long row = low * layout.tileRows(); row < end; row += layout.tileRows()) {
      int rows = (int) Math.min(layout.tileRows(), end - row);
      tile.moveToRows(row, rows);
      runRows(tile, rows);
    }
  }

  private void runRows(Tile tile, int rows) {
    for (int section = 0; section < sections.length; section++) {
      if (section % 2 == 0) {
        for (Step step : sections[section]) {
          step.run(tile, rows);
        }
      } else {
        runPass(tile, rows, sections[section]);
      }
    }
  }

  private void runPass(Tile tile, int rows, Step[] steps) {
    long rowElements = layout.rowElements();
    for (long column = 0; column < rowElements; column += layout.tileColumns()) {
      int columns = (int) Math.min(layout.tileColumns(), rowElements - column);
      tile.moveToColumns(column, columns);
      for (Step step : steps) {
        step.run(tile, rows * columns);
      }
    }
  }

  @Override
  public boolean takeFault() {
    boolean fault = false;
    for (Tile tile : tiles) {
      fault |= tile.takeFault();
    }
    return fault;
  }

  @Override
  public void close() {
    // owns heap memory only
  }
}
