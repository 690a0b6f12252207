package dev.bascule.cpu.emit;

import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Constant;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where everything of a kernel lives while its code runs: the frame's words and vectors, pointers,
 * and what binding must write into them.
 */
final class Layout {
  /** A word that binding computes: a dimension times a factor; as a vector, in all of its lanes. */
  record Argument(int offset, Dim value, long factor, boolean vector) {}

  /** Words of the odometer: counter and extent of a loop, and what it adds to each walk. */
  record Wheel(int counter, int extent, List<Integer> deltas) {}

  final Kernel kernel;
  final List<Instruction> body;
  final IsaLevel isa;
  final Nest nest;

  /** Whether nothing stays in registers over a loop: for bodies that need them all. */
  final boolean frugal;

  final Stages stages;
  final Frame frame = new Frame();
  final Registers.Spills spills = new Registers.Spills(frame);
  final Pointers pointers;
  final @Nullable Home[] homes;
  final List<Argument> arguments = new ArrayList<>();
  final List<Wheel> wheels = new ArrayList<>();
  private final Map<Integer, Integer> indexTables = new HashMap<>();
  private final Map<Integer, Integer> preparedWalks = new HashMap<>();
  private final Map<Integer, Integer> preparedValid = new HashMap<>();
  private final Map<Integer, Integer> gatherExtents = new HashMap<>();
  private final Map<Integer, Integer> gatherStrides = new HashMap<>();

  /** Values that are kept in the frame for the length of a row. */
  List<Integer> keptInFrame = List.of();

  /** Replaced while code is only measured. */
  Assembler asm;

  Layout(Kernel kernel, Nest nest, Stages stages, IsaLevel isa, boolean frugal) {
    this.frugal = frugal;
    this.kernel = kernel;
    this.body = kernel.body();
    this.isa = isa;
    this.nest = nest;
    this.stages = stages;
    this.asm = new Assembler(isa);
    this.pointers = new Pointers(this);
    this.homes = new Home[body.size()];
    boolean[] looped = inLoops();
    for (int walk = 0; walk < nest.walks().size(); walk++) {
      pointers.add(nest.walks().get(walk), frame, looped[walk]);
    }
    for (int wheel = 0; wheel < nest.odometer().size(); wheel++) {
      List<Integer> deltas = nest.walks().stream().map(walk -> frame.word()).toList();
      wheels.add(new Wheel(frame.word(), frame.word(), deltas));
    }
    for (int i = 0; i < body.size(); i++) {
      place(i);
    }
    for (int axis = 0; axis < kernel.domain().size(); axis++) {
      if (nest.indexOf().get(axis) instanceof Nest.Coordinate.Table table) {
        indexTables.put(table.rowAxis(), frame.word());
      }
    }
  }

  private boolean[] inLoops() {
    boolean[] looped = new boolean[nest.walks().size()];
    for (Stages.Loop loop : stages.loops()) {
      for (int i : loop.order()) {
        if (nest.walkOf()[i] >= 0) {
          looped[nest.walkOf()[i]] = true;
        }
      }
    }
    return looped;
  }

  private void place(int i) {
    switch (body.get(i)) {
      case Instruction.Constant constant -> homes[i] = new Home.Pool(constant.bits());
      case Instruction.Extent extent -> {
        int slot = frame.vector();
        arguments.add(new Argument(slot, extent.dim(), 1, true));
        homes[i] = new Home.Slot(slot);
      }
      case Instruction.LoadAt load -> {
        gatherExtents.put(i, argument(load.extent(), 1));
        gatherStrides.put(i, argument(load.stride(), nest.walks().get(nest.walkOf()[i]).bytes()));
        if (nest.mode() != Nest.Mode.COLUMN && stages.uniform()[load.index()]) {
          preparedWalks.put(i, pointers.add(nest.walks().get(nest.walkOf()[i]), frame, false));
          preparedValid.put(i, frame.vector());
        }
      }
      case Instruction.Load l -> {}
      case Instruction.Index x -> {}
      case Instruction.Compute c -> {}
      case Instruction.Reduce r -> {}
      case Instruction.Store s -> {}
    }
  }

  private int argument(Dim value, long factor) {
    int word = frame.word();
    arguments.add(new Argument(word, value, factor, false));
    return word;
  }

  ScalarType type(int i) {
    return body.get(i).type();
  }

  int walkOf(int i) {
    return nest.walkOf()[i];
  }

  boolean isPrepared(int i) {
    return preparedWalks.containsKey(i);
  }

  private static int required(Map<Integer, Integer> map, int key) {
    Integer value = map.get(key);
    if (value == null) {
      throw new IllegalStateException("nothing was laid out for %" + key);
    }
    return value;
  }

  /** The walk of a gather whose address is made once per row. */
  int preparedWalk(int i) {
    return required(preparedWalks, i);
  }

  /** A vector of ones, or of zeros where the index was bad. */
  int preparedValid(int i) {
    return required(preparedValid, i);
  }

  /** Word: how many positions the index of a gather may name. */
  int extentOf(int i) {
    return required(gatherExtents, i);
  }

  /** Word: bytes from one of these positions to the next. */
  int strideOf(int i) {
    return required(gatherStrides, i);
  }

  int counter(int loop) {
    return wheels.get(loop).counter();
  }

  /** Word: address of the table of a row axis' coordinates. */
  int indexTable(int rowAxis) {
    return required(indexTables, rowAxis);
  }

  Map<Integer, Integer> indexTables() {
    return indexTables;
  }

  /** 0, step, 2 step ... in 64-bit lanes. */
  Constant iota(int lanes, int step) {
    byte[] vector = new byte[lanes * 8];
    for (int lane = 0; lane < lanes; lane++) {
      long value = (long) lane * step;
      for (int b = 0; b < 8; b++) {
        vector[lane * 8 + b] = (byte) (value >> 8 * b);
      }
    }
    return asm.constant(vector);
  }

  Constant onesOfBytes() {
    byte[] ones = new byte[16];
    java.util.Arrays.fill(ones, (byte) 1);
    return asm.constant(ones);
  }
}
