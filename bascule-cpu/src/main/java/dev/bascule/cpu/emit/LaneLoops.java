package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.emit.Pointers.ACCUMULATOR;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.END;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.Width;
import java.util.List;
import java.util.Objects;

/**
 * A loop with reductions over many rows' positions, one lane after the other: lane j of a block of
 * columns is in registers while positions j, j + 32, ... go by, and is written down once. Lanes are
 * independent, so that this gives the same bits as going through the positions in order, but memory
 * is only read. A sequential accumulation is one lane that all positions go by.
 */
final class LaneLoops {
  private final Layout layout;
  private final Code code;
  private final ColumnCode columns;
  private final int lane;
  private final Pins pins;

  LaneLoops(Layout layout, Code code, Pins pins, ColumnCode columns) {
    this.layout = layout;
    this.code = code;
    this.pins = pins;
    this.columns = columns;
    this.lane = layout.frame.word();
  }

  private Assembler asm() {
    return layout.asm;
  }

  /** Blocks of {@code pieces} pieces while there are such, then of fewer, then the tail. */
  void emit(List<Integer> order, Lanes lanes, List<Integer> reductions, int pieces) {
    int steps = columns.accumulator(reductions.getFirst()).lanes();
    for (int walk : columns.moving(order)) {
      if (layout.pointers.walk(walk).row() != Walk.Step.TABLE) {
        Pointers.Words words = layout.pointers.words(walk);
        asm().imul(ADDRESS, Frame.at(words.rowStride()), steps);
        asm().store(Width.B64, Frame.at(words.rowStep()), ADDRESS);
      }
    }
    asm().zero(POSITION);
    for (int count = pieces; count >= 1; count = fewer(count)) {
      Label next = asm().newLabel();
      Label again = asm().here();
      asm().mov(END, Frame.at(layout.frame.length));
      asm().sub(END, POSITION);
      asm().cmp(END, count * lanes.count());
      asm().jcc(Condition.LESS, next);
      block(order, lanes, reductions, count, false, steps);
      asm().add(POSITION, count * lanes.count());
      asm().jmp(again);
      asm().bind(next);
    }
    Label done = asm().newLabel();
    asm().mov(ADDRESS, Frame.at(layout.frame.length));
    asm().sub(ADDRESS, POSITION);
    asm().jcc(Condition.LESS_EQUAL, done);
    code.tailMask(lanes);
    block(order, lanes, reductions, 1, true, steps);
    asm().bind(done);
  }

  private static int fewer(int pieces) {
    return pieces > 4 ? pieces / 4 : pieces > 1 ? 1 : 0;
  }

  private void block(
      List<Integer> order,
      Lanes lanes,
      List<Integer> reductions,
      int pieces,
      boolean tail,
      int steps) {
    columns.holdLanes(reductions, pieces);
    asm().mov(ACCUMULATOR, POSITION);
    asm().store(Width.B64, Frame.at(lane), 0);
    Label nextLane = asm().here();
    for (int i : reductions) {
      start(i, lanes, pieces);
    }
    Label noRows = asm().newLabel();
    asm().mov(END, Frame.at(lane));
    asm().cmp(END, Frame.at(layout.frame.rows));
    asm().jcc(Condition.ABOVE_EQUAL, noRows);
    List<Integer> moving = columns.moving(order);
    moving.forEach(this::startRow);
    asm().align(32);
    Label nextRow = asm().here();
    asm().store(Width.B64, Frame.at(layout.frame.row), END);
    code.cursorsAtPosition(order);
    if (pieces >= 4) {
      moving.forEach(walk -> prefetch(walk, pieces * lanes.count()));
    }
    for (int q = 0; q < pieces; q++) {
      columns.piece(order, lanes, q, tail, false).emit(columns);
      code.advanceCursors(order, lanes);
    }
    asm().add(END, steps);
    moving.forEach(this::nextRow);
    asm().cmp(END, Frame.at(layout.frame.rows));
    asm().jcc(Condition.BELOW, nextRow);
    asm().bind(noRows);
    for (int i : reductions) {
      write(i, lanes, pieces);
    }
    if (steps > 1) {
      asm().add(ACCUMULATOR, columns.pitch());
      asm().mov(ADDRESS, Frame.at(lane));
      asm().add(ADDRESS, 1);
      asm().store(Width.B64, Frame.at(lane), ADDRESS);
      asm().cmp(ADDRESS, steps);
      asm().jcc(Condition.BELOW, nextLane);
    }
    columns.releaseLanes();
  }

  private Instruction.Reduce reduce(int i) {
    return (Instruction.Reduce) layout.body.get(i);
  }

  private void start(int i, Lanes lanes, int pieces) {
    Instruction.Reduce reduce = reduce(i);
    boolean sequential = reduce.reduction() == Reduction.FMA;
    Home home =
        sequential
            ? Objects.requireNonNull(layout.homes[reduce.operands().get(2)], "initial value")
            : new Home.Pool(reduce.reduction().identity(reduce.type()));
    for (int q = 0; q < pieces; q++) {
      Vec to = columns.laneRegister(i, q);
      if (q > 0 && !sequential) {
        asm().op(VMOVAPS, lanes.widest(), to, columns.laneRegister(i, 0));
      } else {
        Piece piece = new Piece(layout, lanes, List.of(), q * lanes.count(), false, false);
        pins.protect(piece.registers);
        piece.transfers.load(to, reduce.type(), home);
      }
    }
  }

  private void write(int i, Lanes lanes, int pieces) {
    ScalarType type = reduce(i).type();
    for (int q = 0; q < pieces; q++) {
      Piece piece = new Piece(layout, lanes, List.of(), q * lanes.count(), false, false);
      Mem to = piece.accumulator(columns.accumulator(i).offset(), type);
      asm().op(VMOVUPS_STORE, lanes.length(type), to, columns.laneRegister(i, q));
    }
  }

  // ---- pointers

  /** To row position {@link Pointers#END}, the first of a lane. */
  private void startRow(int walk) {
    Pointers.Words words = layout.pointers.words(walk);
    if (layout.pointers.walk(walk).row() == Walk.Step.TABLE) {
      nextRow(walk);
      return;
    }
    Gpr register = layout.pointers.register(walk);
    Gpr to = register == null ? ADDRESS : register;
    asm().mov(to, Frame.at(words.rowStride()));
    asm().imul(to, END);
    asm().add(to, Frame.at(words.pointer()));
    if (register == null) {
      asm().store(Width.B64, Frame.at(words.rowPointer()), to);
    }
  }

  /**
   * To row position {@link Pointers#END}, the next of a lane; tables have words for those beyond.
   */
  private void nextRow(int walk) {
    Pointers.Words words = layout.pointers.words(walk);
    Gpr register = layout.pointers.register(walk);
    Gpr to = register == null ? ADDRESS : register;
    if (layout.pointers.walk(walk).row() == Walk.Step.TABLE) {
      asm().mov(ADDRESS, Frame.at(words.table()));
      asm().mov(to, Mem.at(ADDRESS, END, 8));
      asm().add(to, Frame.at(words.pointer()));
    } else if (register == null) {
      asm().mov(to, Frame.at(words.rowPointer()));
      asm().add(to, Frame.at(words.rowStep()));
    } else {
      asm().add(to, Frame.at(words.rowStep()));
    }
    if (register == null) {
      asm().store(Width.B64, Frame.at(words.rowPointer()), to);
    }
  }

  /** Rows 8 steps on: they lie too far apart for the hardware to see them coming. */
  private void prefetch(int walkId, int elements) {
    Walk walk = layout.pointers.walk(walkId);
    Gpr register = layout.pointers.register(walkId);
    if (register == null
        || walk.vector() != Walk.Step.CONTIGUOUS
        || walk.row() == Walk.Step.TABLE) {
      return;
    }
    asm().mov(VALUE, Frame.at(layout.pointers.words(walkId).rowStep()));
    asm().shl(VALUE, 3);
    asm().add(VALUE, register);
    for (int at = 0; at < elements * walk.bytes(); at += Frame.VECTOR_BYTES) {
      asm().prefetch(Prefetch.L2, Mem.at(VALUE, POSITION, walk.bytes(), at));
    }
  }
}
