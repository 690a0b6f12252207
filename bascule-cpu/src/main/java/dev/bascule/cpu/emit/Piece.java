package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import java.util.List;

/**
 * The instructions of one segment for as many elements as there are lanes: what loops repeat. With
 * a tail only some of the lanes are real; the others compute what they like, but store nothing.
 */
final class Piece {
  /** What the surrounding loop does with results that leave the piece. */
  interface Surroundings {
    /** Adds the operands of a reduction to its lanes. */
    void reduce(Piece piece, int i);

    /** Makes the address of a gather whose index is uniform along the vectors. */
    void prepare(Piece piece, int i);

    /** Called when the value of {@code i} is known. */
    void computed(Piece piece, int i);
  }

  final Assembler asm;
  final Lanes lanes;
  final Frame frame;
  final Pointers pointers;
  final Layout layout;
  final int shift;
  final boolean tail;
  final Registers registers;
  final Transfers transfers;
  final Arithmetic arithmetic;
  final List<Integer> order;
  private final Negations negations;
  private final boolean between;
  private boolean stored;

  /**
   * A piece to be written.
   *
   * @param shift elements from the position to the first lane
   * @param tail whether only the lanes of the tail mask are real
   * @param between whether this is work between loops
   */
  Piece(Layout layout, Lanes lanes, List<Integer> order, int shift, boolean tail, boolean between) {
    this.layout = layout;
    this.asm = layout.asm;
    this.lanes = lanes;
    this.frame = layout.frame;
    this.pointers = layout.pointers;
    this.order = order;
    this.shift = shift;
    this.tail = tail;
    this.between = between;
    this.negations = new Negations(layout.body, order, i -> layout.homes[i] != null);
    this.transfers = lanes.hasMasks() ? new Avx512Transfers(this) : new Avx2Transfers(this);
    this.registers = new Registers(this, layout.body, order, lanes, layout.spills);
    this.arithmetic = lanes.hasMasks() ? new Avx512Arithmetic(this) : new Avx2Arithmetic(this);
    for (int i = 0; i < layout.body.size(); i++) {
      Home home = layout.homes[i];
      if (home != null) {
        registers.setHome(i, home);
      }
    }
  }

  /** What an instruction reads here: a gather whose address is ready does not read its index. */
  List<Integer> operandsOf(int i) {
    if (layout.body.get(i) instanceof Instruction.LoadAt && layout.isPrepared(i) && !between) {
      return List.of();
    }
    if (between && layout.body.get(i) instanceof Instruction.Reduce) {
      return List.of();
    }
    return negations.operandsOf(layout.body, i);
  }

  /** An array of the frame at the position. */
  Mem array(int offset, ScalarType type) {
    int bytes = type.isWide() ? 8 : 4;
    return Mem.at(Frame.BASE, POSITION, bytes, offset + shift * bytes);
  }

  /** Lanes of a reduction over many rows, at the position. */
  Mem accumulator(int offset, ScalarType type) {
    int bytes = type.isWide() ? 8 : 4;
    return Mem.at(Frame.BASE, Pointers.ACCUMULATOR, bytes, offset + shift * bytes);
  }

  void emit(Surroundings surroundings) {
    for (int at = 0; at < order.size(); at++) {
      registers.startAt(at);
      int i = order.get(at);
      emit(i, surroundings);
      surroundings.computed(this, i);
      registers.finish(i);
    }
  }

  private void emit(int i, Surroundings surroundings) {
    switch (layout.body.get(i)) {
      case Instruction.Load load -> load(i, load);
      case Instruction.LoadAt load -> {
        if (between && layout.isPrepared(i)) {
          surroundings.prepare(this, i);
        } else if (layout.isPrepared(i)) {
          loadPrepared(i);
        } else {
          arithmetic.gather(i, load, layout.walkOf(i));
        }
      }
      case Instruction.Constant c -> {}
      case Instruction.Extent e -> {}
      case Instruction.Index index -> coordinate(i, layout.nest.indexOf().get(index.axis()));
      case Instruction.Compute compute -> arithmetic.compute(i, compute);
      case Instruction.Reduce reduce -> surroundings.reduce(this, i);
      case Instruction.Store store -> {
        if (!stored) {
          registers.forgetOperands();
          stored = true;
        }
        transfers.store(layout.walkOf(i), store.value(), store.mask());
      }
    }
  }

  private void load(int i, Instruction.Load load) {
    int walk = layout.walkOf(i);
    boolean plain =
        switch (pointers.walk(walk).vector()) {
          case CONTIGUOUS, UNIFORM -> load.mask() == Instruction.ALWAYS;
          case STRIDED, TABLE -> false;
        };
    if (plain && !stored) {
      registers.setHome(i, new Home.Operand(walk));
    } else {
      transfers.loadNow(i, walk, load.mask());
    }
  }

  /**
   * A gather whose row address was made before the loop; where the index was bad, lanes become 0.
   */
  private void loadPrepared(int i) {
    int walk = layout.preparedWalk(i);
    transfers.loadNow(i, walk, Instruction.ALWAYS);
    arithmetic.keepWhere(i, Frame.at(layout.preparedValid(i)));
  }

  private void coordinate(int i, Nest.Coordinate coordinate) {
    VectorLength length = lanes.lengthOf(8);
    Vec to = registers.define(i);
    switch (coordinate) {
      case Nest.Coordinate.Zero zero -> asm.zero(to);
      case Nest.Coordinate.Odometer odometer ->
          transfers.broadcast8(to, Frame.at(layout.counter(odometer.loop())));
      case Nest.Coordinate.Row row -> transfers.broadcast8(to, Frame.at(frame.row));
      case Nest.Coordinate.Vector vector -> {
        asm.mov(ADDRESS, Frame.at(frame.start));
        asm.lea(ADDRESS, Mem.at(ADDRESS, POSITION, 1, shift));
        asm.op(VMOVQ, V128, to, ADDRESS);
        asm.op(VPBROADCASTQ, length, to, to);
        asm.op(VPADDQ, length, to, to, layout.iota(lanes.count(), 1));
      }
      case Nest.Coordinate.Table table -> {
        asm.mov(ADDRESS, Frame.at(layout.indexTable(table.rowAxis())));
        if (layout.nest.mode() == Nest.Mode.ROW) {
          asm.op(VMOVUPS, length, to, Mem.at(ADDRESS, POSITION, 8, shift * 8));
        } else {
          asm.mov(VALUE, Frame.at(frame.row));
          transfers.broadcast8(to, Mem.at(ADDRESS, VALUE, 8));
        }
      }
    }
  }
}
