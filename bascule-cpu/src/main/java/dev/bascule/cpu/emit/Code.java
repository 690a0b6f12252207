package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.END;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Width;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What the code of every kernel has: entry and exit, the odometer, and tails. */
final class Code {
  private static final AbiFrame ABI =
      AbiFrame.saving(Gpr.RBX, Gpr.RBP, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15);

  private final Layout layout;

  Code(Layout layout) {
    this.layout = layout;
  }

  private Assembler asm() {
    return layout.asm;
  }

  void enter() {
    ABI.enter(asm());
    asm().mov(Frame.BASE, Gpr.RDI);
    for (int walk = 0; walk < layout.pointers.count(); walk++) {
      Gpr register = layout.pointers.register(walk);
      if (register != null && layout.pointers.walk(walk).row() == Walk.Step.UNIFORM) {
        asm().mov(register, Frame.at(layout.pointers.words(walk).pointer()));
      }
    }
  }

  void leave() {
    ABI.leave(asm());
  }

  /**
   * A place in the frame for every uniform value that is read outside the work that computes it.
   */
  void placeUniform() {
    for (int k = 0; k < layout.stages.between().size(); k++) {
      List<Integer> order = layout.stages.between().get(k);
      for (int i : order) {
        boolean reduce = layout.body.get(i) instanceof Instruction.Reduce;
        boolean value =
            !(layout.body.get(i) instanceof Instruction.Store) && layout.stages.uniform()[i];
        if (value && (reduce || isReadOutside(i, order))) {
          layout.homes[i] = new Home.Slot(layout.frame.vector());
        }
      }
    }
  }

  boolean isReadOutside(int i, List<Integer> order) {
    for (int user = 0; user < layout.body.size(); user++) {
      if (layout.body.get(user).operands().contains(i) && !order.contains(user)) {
        return true;
      }
    }
    return false;
  }

  // ---- the odometer

  /** To the next point, if there is one. */
  void advance(Label again) {
    if (layout.wheels.isEmpty()) {
      return;
    }
    Label done = asm().newLabel();
    count(layout.frame.points, -1);
    asm().jcc(Condition.EQUAL, done);
    for (int wheel = 0; wheel < layout.wheels.size(); wheel++) {
      Layout.Wheel words = layout.wheels.get(wheel);
      for (int walk = 0; walk < layout.nest.walks().size(); walk++) {
        if (!delta(wheel, layout.nest.walks().get(walk)).is(0)) {
          move(walk, words.deltas().get(walk));
        }
      }
      asm().mov(ADDRESS, Frame.at(words.counter()));
      asm().add(ADDRESS, 1);
      asm().store(Width.B64, Frame.at(words.counter()), ADDRESS);
      asm().cmp(ADDRESS, Frame.at(words.extent()));
      asm().jcc(Condition.BELOW, again);
      asm().store(Width.B64, Frame.at(words.counter()), 0);
    }
    asm().jmp(again);
    asm().bind(done);
  }

  /** Elements a walk moves when a wheel turns by one and the one inside it turns over. */
  Dim delta(int wheel, Walk walk) {
    Dim stride = walk.odometer().get(wheel);
    if (wheel == 0) {
      return stride;
    }
    Dim inner = walk.odometer().get(wheel - 1).times(layout.nest.odometer().get(wheel - 1));
    return stride.minus(inner);
  }

  private void move(int walk, int delta) {
    Gpr register = layout.pointers.register(walk);
    if (register != null && layout.pointers.walk(walk).row() == Walk.Step.UNIFORM) {
      asm().add(register, Frame.at(delta));
    } else {
      int pointer = layout.pointers.words(walk).pointer();
      asm().mov(ADDRESS, Frame.at(pointer));
      asm().add(ADDRESS, Frame.at(delta));
      asm().store(Width.B64, Frame.at(pointer), ADDRESS);
    }
  }

  void count(int word, int by) {
    asm().mov(ADDRESS, Frame.at(word));
    asm().add(ADDRESS, by);
    asm().store(Width.B64, Frame.at(word), ADDRESS);
  }

  // ---- strided walks

  private Set<Integer> strided(List<Integer> order) {
    Set<Integer> walks = new TreeSet<>();
    for (int i : order) {
      if (layout.walkOf(i) >= 0) {
        int walk = layout.isPrepared(i) ? layout.preparedWalk(i) : layout.walkOf(i);
        if (layout.pointers.walk(walk).vector() == Walk.Step.STRIDED) {
          walks.add(walk);
        }
      }
    }
    return walks;
  }

  /** Strided walks start at position 0. */
  void startCursors(List<Integer> order) {
    for (int walk : strided(order)) {
      Gpr register = layout.pointers.register(walk);
      Gpr from = register;
      if (from == null) {
        asm().mov(ADDRESS, Frame.at(layout.pointers.current(walk)));
        from = ADDRESS;
      }
      asm().store(Width.B64, Frame.at(layout.pointers.words(walk).cursor()), from);
    }
  }

  /** Strided walks start at the position. */
  void cursorsAtPosition(List<Integer> order) {
    for (int walk : strided(order)) {
      Pointers.Words words = layout.pointers.words(walk);
      Gpr register = layout.pointers.register(walk);
      asm().mov(ADDRESS, Frame.at(words.stride()));
      asm().imul(ADDRESS, POSITION);
      asm().add(ADDRESS, register == null ? Frame.at(layout.pointers.current(walk)) : register);
      asm().store(Width.B64, Frame.at(words.cursor()), ADDRESS);
    }
  }

  /** Strided walks go on to the next piece. */
  void advanceCursors(List<Integer> order, Lanes lanes) {
    for (int walk : strided(order)) {
      Pointers.Words words = layout.pointers.words(walk);
      asm().imul(ADDRESS, Frame.at(words.stride()), lanes.count());
      asm().add(ADDRESS, Frame.at(words.cursor()));
      asm().store(Width.B64, Frame.at(words.cursor()), ADDRESS);
    }
  }

  // ---- tails

  /** Makes the tail mask for as many lanes as {@link Pointers#ADDRESS} says, or all. */
  void tailMask(Lanes lanes) {
    if (lanes.hasMasks()) {
      // no more bits than lanes: a masked access of bytes has 16 of them, also where lanes are 8
      asm().mov(VALUE, (1 << lanes.count()) - 1);
      asm().bzhi(Width.B64, VALUE, VALUE, ADDRESS);
      asm().kmov(Width.B32, Avx512Transfers.TAIL, VALUE);
    } else {
      asm().op(VMOVD, V128, Avx2Transfers.TAIL, ADDRESS);
      asm().op(VPBROADCASTD, lanes.lengthOf(4), Avx2Transfers.TAIL, Avx2Transfers.TAIL);
      int[] iota = new int[lanes.count()];
      for (int lane = 0; lane < iota.length; lane++) {
        iota[lane] = lane;
      }
      asm()
          .op(
              VPCMPGTD,
              lanes.lengthOf(4),
              Avx2Transfers.TAIL,
              Avx2Transfers.TAIL,
              asm().constants32(iota));
    }
  }

  /** From the position to the end, one masked piece at a time. */
  void tailLoop(Lanes lanes, Runnable piece, List<Integer> order) {
    Label done = asm().newLabel();
    asm().mov(END, Frame.at(layout.frame.length));
    Label again = asm().here();
    asm().mov(ADDRESS, END);
    asm().sub(ADDRESS, POSITION);
    asm().jcc(Condition.LESS_EQUAL, done);
    tailMask(lanes);
    piece.run();
    advanceCursors(order, lanes);
    asm().add(POSITION, lanes.count());
    asm().jmp(again);
    asm().bind(done);
  }
}
