package dev.bascule.cpu.emit;

import dev.bascule.core.kernel.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where values are kept that a later loop over the row reads again: in an output that the row fills
 * at its end anyway, if there is one of that shape, and otherwise in the frame.
 */
final class Keeping {
  private final Layout layout;

  Keeping(Layout layout) {
    this.layout = layout;
  }

  /** Gives every kept value its home; returns those in the frame. */
  List<Integer> place() {
    List<Integer> inFrame = new ArrayList<>();
    boolean outputTaken = false;
    for (int i = 0; i < layout.body.size(); i++) {
      if (layout.stages.cached()[i]) {
        Optional<Integer> walk = outputTaken ? Optional.empty() : output(i);
        if (walk.isPresent()) {
          layout.homes[i] = new Home.Operand(walk.get());
          outputTaken = true;
        } else {
          inFrame.add(i);
        }
      }
    }
    int offset = Frame.FIXED_BYTES_MAX;
    for (int i : inFrame) {
      layout.homes[i] = new Home.Array(offset);
      offset += Math.toIntExact(Emission.KEPT_BYTES_MAX / inFrame.size()) + 2 * Frame.VECTOR_BYTES;
    }
    return inFrame;
  }

  private Optional<Integer> output(int value) {
    for (int i = 0; i < layout.body.size(); i++) {
      if (layout.body.get(i) instanceof Instruction.Store store
          && store.mask() == Instruction.ALWAYS
          && fits(layout.nest.walks().get(layout.walkOf(i)), value)
          && isOnlyAccess(store.access().parameter())
          && isUnseenLater(layout.nest.walks().get(layout.walkOf(i)), value)) {
        return Optional.of(layout.walkOf(i));
      }
    }
    return Optional.empty();
  }

  private boolean fits(Walk walk, int value) {
    boolean same =
        switch (walk.dtype()) {
          case F32, F64, I32, I64, U32, U64 -> walk.dtype().scalar() == layout.type(value);
          case F16, BF16, F8E4M3, F8E5M2, I16, U16, I8, U8, I4, U4, BOOL -> false;
        };
    return same && walk.vector() == Walk.Step.CONTIGUOUS;
  }

  private boolean isOnlyAccess(int parameter) {
    return layout.body.stream()
            .filter(i ->
                switch (i) {
                  case Instruction.Load load -> load.access().parameter() == parameter;
                  case Instruction.LoadAt load -> load.access().parameter() == parameter;
                  case Instruction.Store store -> store.access().parameter() == parameter;
                  default -> false;
                })
            .count()
        == 1;
  }

  /**
   * No loop after the one that keeps the value reads an input where the output may lie in place of
   * it: an input that is walked as the output is.
   */
  private boolean isUnseenLater(Walk output, int value) {
    boolean later = false;
    for (Stages.Loop loop : layout.stages.loops()) {
      for (int i : loop.order()) {
        if (later && layout.walkOf(i) >= 0 && !(layout.body.get(i) instanceof Instruction.Store)) {
          Walk input = layout.nest.walks().get(layout.walkOf(i));
          boolean alike =
              input.vector() == output.vector() && input.odometer().equals(output.odometer());
          if (alike) {
            return false;
          }
        }
      }
      later |= loop.keeps().contains(value);
    }
    return true;
  }
}
