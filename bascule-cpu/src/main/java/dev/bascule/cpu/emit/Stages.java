package dev.bascule.cpu.emit;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Primitive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A kernel's body cut at its reductions. Loop k runs along the row and ends in the reductions whose
 * operands need k earlier reductions; before it, what is uniform along the row and ready by then is
 * computed once. Stores wait for the last loop (uniform ones for the end), so that no load sees a
 * store of its own row.
 *
 * <p>A value that a later loop needs again is computed again from its loads where that is cheap,
 * and otherwise kept in memory for the length of the row.
 *
 * @param uniform per instruction: the same for all positions of a row
 * @param loops the loops in order
 * @param between straight-line work before loop k; one more than loops
 * @param cached per instruction: kept for later loops
 */
record Stages(boolean[] uniform, List<Loop> loops, List<List<Integer>> between, boolean[] cached) {

  /**
   * One loop.
   *
   * @param order the instructions to evaluate, in order, stores and reductions included
   * @param keeps cached values that this loop computes and writes for later loops
   * @param imports cached values that it reads
   */
  record Loop(List<Integer> order, List<Integer> keeps, List<Integer> imports) {}

  /** What recomputing a value may cost, in instructions, before it is kept instead. */
  private static final int RECOMPUTE_COST = 4;

  /**
   * Cuts a kernel.
   *
   * @param keep whether values may be kept; false where the row is too long for that
   */
  static Stages of(Kernel kernel, Nest nest, boolean keep) {
    return new Cutter(kernel, nest, keep).cut();
  }

  private static final class Cutter {
    private final List<Instruction> body;
    private final Nest nest;
    private final boolean keep;
    private final boolean[] uniform;
    private final int[] level;
    private final boolean[] cached;

    Cutter(Kernel kernel, Nest nest, boolean keep) {
      this.body = kernel.body();
      this.nest = nest;
      this.keep = keep;
      this.uniform = nest.mode() == Nest.Mode.MAP ? alongVector() : kernel.rowUniform();
      this.level = new int[body.size()];
      this.cached = new boolean[body.size()];
    }

    Stages cut() {
      int count = 0;
      for (int i = 0; i < body.size(); i++) {
        for (int operand : body.get(i).operands()) {
          level[i] = Math.max(level[i], level[operand]);
        }
        if (body.get(i) instanceof Instruction.Reduce) {
          level[i]++;
          count = Math.max(count, level[i]);
        } else if (body.get(i) instanceof Instruction.Store && !uniform[i]) {
          count = Math.max(count, level[i] + 1);
        }
      }
      List<List<Integer>> between = new ArrayList<>();
      for (int k = 0; k <= count; k++) {
        between.add(between(k, count));
      }
      return new Stages(uniform, loops(count), between, cached);
    }

    private List<Integer> between(int k, int count) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < body.size(); i++) {
        boolean now =
            switch (body.get(i)) {
              case Instruction.Store store -> uniform[i] && k == count;
              case Instruction.Reduce reduce -> level[i] == k;
              case Instruction.Constant c -> false;
              case Instruction.Load l -> uniform[i] && level[i] == k;
              case Instruction.LoadAt l -> (uniform[i] || isRowAddress(l)) && level[i] == k;
              case Instruction.Index index -> uniform[i] && k == 0;
              case Instruction.Extent e -> false;
              case Instruction.Compute c -> uniform[i] && level[i] == k;
            };
        if (now) {
          order.add(i);
        }
      }
      return order;
    }

    /** A gather whose index is uniform: its address is prepared once per row. */
    private boolean isRowAddress(Instruction.LoadAt load) {
      return uniform[load.index()] && nest.mode() != Nest.Mode.COLUMN;
    }

    private List<Loop> loops(int count) {
      List<Loop> loops = new ArrayList<>();
      List<boolean[]> needed = new ArrayList<>();
      boolean[] before = new boolean[body.size()];
      for (int k = 0; k < count; k++) {
        boolean[] need = new boolean[body.size()];
        for (int i = 0; i < body.size(); i++) {
          boolean root =
              switch (body.get(i)) {
                case Instruction.Reduce reduce -> level[i] == k + 1;
                case Instruction.Store store -> !uniform[i] && k == count - 1;
                default -> false;
              };
          if (root) {
            need[i] = true;
            body.get(i).operands().forEach(operand -> visit(operand, need, before));
          }
        }
        needed.add(need);
        for (int i = 0; i < before.length; i++) {
          before[i] |= need[i];
        }
      }
      // A value is kept by the first loop that computes it; every later loop that needs it reads
      // it.
      boolean[] kept = new boolean[body.size()];
      for (boolean[] need : needed) {
        List<Integer> order = new ArrayList<>();
        List<Integer> keeps = new ArrayList<>();
        List<Integer> imports = new ArrayList<>();
        for (int i = 0; i < need.length; i++) {
          if (need[i] && kept[i]) {
            imports.add(i);
          } else if (need[i]) {
            order.add(i);
            if (cached[i]) {
              keeps.add(i);
              kept[i] = true;
            }
          }
        }
        loops.add(new Loop(order, keeps, imports));
      }
      return loops;
    }

    private void visit(int i, boolean[] need, boolean[] before) {
      if (need[i] || uniform[i]) {
        return;
      }
      need[i] = true;
      if (cached[i]) {
        return;
      }
      boolean again = keep && before[i] && body.get(i).type() != ScalarType.BOOL;
      if (again && cost(i, new boolean[body.size()]) >= RECOMPUTE_COST) {
        cached[i] = true;
        return;
      }
      body.get(i).operands().forEach(operand -> visit(operand, need, before));
    }

    private int cost(int i, boolean[] seen) {
      if (seen[i] || uniform[i] || cached[i]) {
        return 0;
      }
      seen[i] = true;
      int cost =
          switch (body.get(i)) {
            case Instruction.Load load -> loadCost(i, load.mask() != Instruction.ALWAYS);
            case Instruction.LoadAt load -> 12;
            case Instruction.Compute compute -> cost(compute.op());
            case Instruction.Constant c -> 0;
            case Instruction.Extent e -> 0;
            case Instruction.Index index -> 1;
            case Instruction.Reduce r -> 0;
            case Instruction.Store s -> 0;
          };
      for (int operand : body.get(i).operands()) {
        cost += cost(operand, seen);
      }
      return cost;
    }

    private int loadCost(int i, boolean masked) {
      Walk walk = nest.walks().get(nest.walkOf()[i]);
      boolean plain = walk.dtype() == DType.F32 || walk.bytes() >= 4;
      return switch (walk.vector()) {
        case UNIFORM -> 1;
        case CONTIGUOUS -> (plain ? 1 : 2) + (masked ? 1 : 0);
        case STRIDED, TABLE -> 12;
      };
    }

    private static int cost(Primitive op) {
      return switch (op) {
        case DIV, REM, UDIV, UREM, SQRT -> 4;
        case MIN, MAX -> 3;
        default -> 1;
      };
    }

    /** What does not change along the vector axis of a Map kernel. */
    private boolean[] alongVector() {
      boolean[] same = new boolean[body.size()];
      for (int i = 0; i < same.length; i++) {
        boolean operands = body.get(i).operands().stream().allMatch(o -> same[o]);
        same[i] =
            switch (body.get(i)) {
              case Instruction.Constant c -> true;
              case Instruction.Extent e -> true;
              case Instruction.Index index ->
                  !(nest.indexOf().get(index.axis()) instanceof Nest.Coordinate.Vector);
              case Instruction.Load load -> operands && still(i);
              case Instruction.LoadAt load -> operands && still(i);
              case Instruction.Store store -> operands && still(i);
              case Instruction.Compute c -> operands;
              case Instruction.Reduce r -> true;
            };
      }
      return same;
    }

    private boolean still(int i) {
      return nest.walks().get(nest.walkOf()[i]).vector() == Walk.Step.UNIFORM;
    }
  }

  /**
   * Whether instructions evaluated together handle 64-bit values, which halves the lanes of a
   * piece.
   *
   * @param gathers whether gathers with a uniform index count (where their addresses are made)
   */
  boolean isWide(List<Instruction> body, List<Integer> order, boolean gathers) {
    return order.stream().anyMatch(i -> isWide(body, i, gathers));
  }

  private boolean isWide(List<Instruction> body, int i, boolean gathers) {
    Instruction instruction = body.get(i);
    boolean operands = instruction.operands().stream().anyMatch(o -> body.get(o).type().isWide());
    return instruction.type().isWide()
        || switch (instruction) {
          case Instruction.LoadAt load -> gathers || !uniform[load.index()];
          case Instruction.Compute compute ->
              operands
                  || switch (compute.op()) {
                    case DIV, REM, UDIV, UREM -> compute.type() == ScalarType.I32;
                    default -> false;
                  };
          case Instruction.Load l -> false;
          case Instruction.Store s -> operands;
          case Instruction.Reduce r -> operands;
          case Instruction.Constant c -> false;
          case Instruction.Index index -> true;
          case Instruction.Extent e -> true;
        };
  }

  int cachedCount() {
    int count = 0;
    for (boolean c : cached) {
      count += c ? 1 : 0;
    }
    return count;
  }

  @Override
  public String toString() {
    return "uniform " + Arrays.toString(uniform) + " loops " + loops + " between " + between;
  }
}
