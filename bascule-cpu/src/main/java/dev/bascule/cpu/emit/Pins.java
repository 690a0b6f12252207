package dev.bascule.cpu.emit;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Values that stay in registers over loops: constants and what is uniform along the row. */
final class Pins {
  /** What straight-line code needs at the least. */
  static final int FREE_AT_LEAST = 6;

  private final Layout layout;
  private final Map<Integer, Vec> pins = new HashMap<>();

  Pins(Layout layout) {
    this.layout = layout;
  }

  int count() {
    return pins.size();
  }

  boolean contains(int i) {
    return pins.containsKey(i);
  }

  List<Vec> registers() {
    return List.copyOf(pins.values());
  }

  /** For code that reads the pinned values. */
  void share(Registers registers) {
    pins.forEach(registers::pin);
  }

  /** For code that leaves them alone. */
  void protect(Registers registers) {
    pins.values().forEach(registers::pin);
  }

  /** The highest register below the pins and {@code taken} more. */
  Vec next(int taken) {
    return new Vec((layout.isa == IsaLevel.AVX512 ? 31 : 14) - pins.size() - taken);
  }

  void release(List<Integer> values) {
    values.forEach(pins::remove);
  }

  /**
   * How often a loop reads each value that could be pinned: constants, and with {@code all} slots.
   */
  void count(Stages.Loop loop, Lanes lanes, Map<Integer, Integer> uses, boolean all) {
    Piece piece = new Piece(layout, lanes, loop.order(), 0, false, false);
    for (int i : loop.order()) {
      for (int operand : piece.operandsOf(i)) {
        boolean constant = layout.body.get(operand) instanceof Instruction.Constant;
        boolean slot = layout.homes[operand] instanceof Home.Slot;
        boolean mask = layout.type(operand) == ScalarType.BOOL && lanes.hasMasks();
        if ((constant || (all && slot)) && !mask && !pins.containsKey(operand)) {
          uses.merge(operand, 1, Integer::sum);
        }
      }
    }
  }

  /** The most used values that there is room for. */
  static List<Integer> best(Map<Integer, Integer> uses, int room) {
    return uses.entrySet().stream()
        .sorted(
            Map.Entry.<Integer, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(Math.max(0, room))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Loads values into registers, {@code taken} of which below the pins are not free. */
  void pin(List<Integer> values, int taken) {
    pin(values, taken, Map.of());
  }

  /** As {@link #pin(List, int)}; some values are in registers already that may be overwritten. */
  void pin(List<Integer> values, int taken, Map<Integer, Vec> live) {
    Set<Vec> overwritten = new HashSet<>();
    for (int i : values) {
      Vec vec = next(taken);
      pins.put(i, vec);
      overwritten.add(vec);
      Home home = layout.homes[i];
      Vec source = live.get(i);
      if (source != null && (source.equals(vec) || !overwritten.contains(source))) {
        if (!source.equals(vec)) {
          layout.asm.op(Row.VMOVAPS, Lanes.of(layout.isa, false).widest(), vec, source);
        }
      } else if (home != null) {
        // All of the register: loops may use longer forms than the one that the value is pinned
        // for.
        Lanes full = Lanes.of(layout.isa, layout.type(i).isWide());
        new Piece(layout, full, List.of(), 0, false, false)
            .transfers.load(vec, layout.type(i), home);
      }
    }
  }
}
