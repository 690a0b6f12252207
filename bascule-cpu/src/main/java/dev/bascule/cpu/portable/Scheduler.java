package dev.bascule.cpu.portable;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Stages a kernel's body at its reductions and gives every value a register. */
final class Scheduler {

  /** A value in a register, from the step that makes it to the last that needs it. */
  private static final class Value {
    private final ScalarType type;
    private int section;
    private int lastUse = -1;
    private int slot = Step.NONE;

    Value(ScalarType type) {
      this.type = type;
    }
  }

  /** A step whose registers are not chosen yet. */
  private record Draft(
      int section, List<Value> results, List<Value> operands, Supplier<Step> step) {}

  private final Kernel kernel;
  private final boolean resident;
  private final boolean[] uniform;
  private final int[] stages;
  private final int passes;

  private final List<Draft> drafts = new ArrayList<>();
  private final List<Schedule.Touch> touches = new ArrayList<>();
  private final List<Schedule.Fold> folds = new ArrayList<>();
  private final Map<Integer, Integer> foldOf = new HashMap<>();
  private final Map<Integer, Integer> touchOf = new HashMap<>();
  private final Map<Integer, Value> pinned = new HashMap<>();
  private final Map<Integer, Value> perRow = new HashMap<>();
  private final Map<Integer, Value> spread = new HashMap<>();
  private final Map<Integer, Value> alongRow = new HashMap<>();

  private Scheduler(Kernel kernel, boolean resident) {
    this.kernel = kernel;
    this.resident = resident;
    this.uniform = kernel.rowUniform();
    this.stages = stages(kernel);
    this.passes = passes();
  }

  /**
   * @param resident true where rows fit in one tile, so that a pass finds what earlier ones made
   */
  static Schedule schedule(Kernel kernel, boolean resident) {
    Scheduler scheduler = new Scheduler(kernel, resident);
    scheduler.draft();
    return scheduler.assign();
  }

  /** How many reductions lie on the longest way to each instruction. */
  private static int[] stages(Kernel kernel) {
    int[] stages = new int[kernel.body().size()];
    for (int i = 0; i < stages.length; i++) {
      Instruction instruction = kernel.body().get(i);
      for (int operand : instruction.operands()) {
        stages[i] = Math.max(stages[i], stages[operand]);
      }
      if (instruction instanceof Instruction.Reduce) {
        stages[i]++;
      }
    }
    return stages;
  }

  private int passes() {
    int most = 0;
    for (int i = 0; i < stages.length; i++) {
      if (kernel.body().get(i) instanceof Instruction.Reduce) {
        most = Math.max(most, stages[i]);
      } else if (!uniform[i] && kernel.body().get(i) instanceof Instruction.Store) {
        most = Math.max(most, stages[i] + 1);
      }
    }
    return most;
  }

  private void draft() {
    for (int i = 0; i < stages.length; i++) {
      Instruction instruction = kernel.body().get(i);
      if (instruction instanceof Instruction.Constant
          || instruction instanceof Instruction.Extent) {
        pinned.put(i, new Value(instruction.type()));
      }
    }
    for (int pass = 0; pass <= passes; pass++) {
      draftPerRow(pass);
      if (pass < passes) {
        draftAlongRow(pass);
      }
    }
    // stores come last: what is stored in place has been read by then
    for (int i = 0; i < stages.length; i++) {
      if (uniform[i] && kernel.body().get(i) instanceof Instruction.Store) {
        draft(i, 2 * passes, false);
      }
    }
  }

  private void draftPerRow(int pass) {
    for (int i = 0; i < stages.length; i++) {
      Instruction instruction = kernel.body().get(i);
      if (!uniform[i] || stages[i] != pass || pinned.containsKey(i)) {
        continue;
      }
      if (instruction instanceof Instruction.Reduce reduce) {
        Value result = new Value(reduce.type());
        int fold = foldOf.getOrDefault(i, Step.NONE);
        perRow.put(i, result);
        add(2 * pass, List.of(result), List.of(), () -> new Step.Finish(fold, result.slot));
      } else if (!(instruction instanceof Instruction.Store)) {
        draft(i, 2 * pass, false);
      }
    }
  }

  private void draftAlongRow(int pass) {
    int section = 2 * pass + 1;
    if (!resident) {
      alongRow.clear();
    }
    boolean[] needed = needed(pass);
    for (int i = 0; i < stages.length; i++) {
      if (ends(i, pass) && kernel.body().get(i) instanceof Instruction.Reduce reduce) {
        draftStart(i, reduce, 2 * pass);
      }
    }
    for (int i = 0; i < stages.length; i++) {
      if (needed[i]) {
        for (int operand : alongRowOperands(i)) {
          draftSpread(operand, 2 * pass);
        }
      }
    }
    for (int i = 0; i < stages.length; i++) {
      if (needed[i]) {
        draft(i, section, true);
      }
    }
  }

  /** What pass {@code pass} computes along the row. */
  private boolean[] needed(int pass) {
    boolean[] needed = new boolean[stages.length];
    for (int i = stages.length - 1; i >= 0; i--) {
      needed[i] |= ends(i, pass);
      if (!needed[i]) {
        continue;
      }
      for (int operand : alongRowOperands(i)) {
        if (!uniform[operand] && !alongRow.containsKey(operand)) {
          needed[operand] = true;
        }
      }
    }
    return needed;
  }

  /** The operands read for every point: all but the value that an FMA starts from. */
  private List<Integer> alongRowOperands(int i) {
    List<Integer> operands = kernel.body().get(i).operands();
    return kernel.body().get(i) instanceof Instruction.Reduce reduce
            && reduce.reduction() == Reduction.FMA
        ? operands.subList(0, 2)
        : operands;
  }

  /** True for the reductions that {@code pass} completes and, in the last pass, the stores. */
  private boolean ends(int i, int pass) {
    return switch (kernel.body().get(i)) {
      case Instruction.Reduce reduce -> stages[i] == pass + 1;
      case Instruction.Store store -> !uniform[i] && pass == passes - 1;
      case Instruction.Load l -> false;
      case Instruction.LoadAt l -> false;
      case Instruction.Constant c -> false;
      case Instruction.Index x -> false;
      case Instruction.Extent e -> false;
      case Instruction.Compute c -> false;
    };
  }

  private void draftStart(int i, Instruction.Reduce reduce, int section) {
    int fold = folds.size();
    folds.add(new Schedule.Fold(reduce.reduction(), reduce.type()));
    foldOf.put(i, fold);
    if (reduce.reduction() == Reduction.FMA) {
      Value initial = value(reduce.operands().get(2), false);
      add(section, List.of(), List.of(initial), () -> new Step.Start(fold, initial.slot));
    } else {
      add(section, List.of(), List.of(), () -> new Step.Start(fold, Step.NONE));
    }
  }

  private void draftSpread(int operand, int section) {
    if (uniform[operand] && !pinned.containsKey(operand) && !spread.containsKey(operand)) {
      Value from = value(operand, false);
      Value to = new Value(from.type);
      spread.put(operand, to);
      add(section, List.of(to), List.of(from), () -> new Step.Spread(to.type, to.slot, from.slot));
    }
  }

  private void draft(int i, int section, boolean along) {
    Instruction instruction = kernel.body().get(i);
    List<Value> operands = new ArrayList<>();
    for (int operand : along ? alongRowOperands(i) : instruction.operands()) {
      operands.add(value(operand, along));
    }
    switch (instruction) {
      case Instruction.Load load -> {
        Value to = result(i, load.type(), along);
        int touch = touch(i);
        DType dtype = dtype(load.access());
        add(
            section,
            List.of(to),
            operands,
            () -> new Step.Load(touch, along, dtype, to.slot, slot(operands, 0)));
      }
      case Instruction.LoadAt load -> {
        Value to = result(i, load.type(), along);
        int touch = touch(i);
        DType dtype = dtype(load.access());
        add(
            section,
            List.of(to),
            operands,
            () -> new Step.LoadAt(touch, along, dtype, to.slot, slot(operands, 0)));
      }
      case Instruction.Index index -> {
        Value to = result(i, index.type(), along);
        int touch = touch(i);
        add(section, List.of(to), operands, () -> new Step.Index(touch, along, to.slot));
      }
      case Instruction.Store store -> {
        int touch = touch(i);
        DType dtype = dtype(store.access());
        add(
            section,
            List.of(),
            operands,
            () -> new Step.Store(touch, along, dtype, slot(operands, 0), slot(operands, 1)));
      }
      case Instruction.Compute compute -> {
        Value to = result(i, compute.type(), along);
        add(section, List.of(to), operands, () -> compute(compute.op(), to, operands));
      }
      case Instruction.Reduce reduce -> {
        int fold = foldOf.getOrDefault(i, Step.NONE);
        add(
            section,
            List.of(),
            operands,
            () -> new Step.Accumulate(fold, slot(operands, 0), Math.max(0, slot(operands, 1))));
      }
      case Instruction.Constant c -> throw new AssertionError("constants are pinned");
      case Instruction.Extent e -> throw new AssertionError("extents are pinned");
    }
  }

  private static Step compute(Primitive op, Value to, List<Value> operands) {
    ScalarType type = operands.getLast().type;
    int a = slot(operands, 0);
    int b = Math.max(0, slot(operands, 1));
    int c = Math.max(0, slot(operands, 2));
    if (op == Primitive.SELECT) {
      return new Step.Select(type, to.slot, a, b, c);
    }
    if (op.isConversion()) {
      return new Step.Convert(op, to.slot, a);
    }
    return op.isComparison()
        ? new Step.Compare(op, type, to.slot, a, b)
        : new Step.Compute(op, type, to.slot, a, b, c);
  }

  private static int slot(List<Value> operands, int k) {
    return k < operands.size() ? operands.get(k).slot : Step.NONE;
  }

  /** Instruction {@code i}'s value as a step along the row, or one per row, reads it. */
  private Value value(int i, boolean along) {
    Map<Integer, Value> from =
        pinned.containsKey(i) ? pinned : !along ? perRow : uniform[i] ? spread : alongRow;
    Value value = from.get(i);
    if (value == null) {
      throw new AssertionError("%" + i + " is read before it is computed in " + kernel);
    }
    return value;
  }

  private Value result(int i, ScalarType type, boolean along) {
    Value value = new Value(type);
    (along ? alongRow : perRow).put(i, value);
    return value;
  }

  private int touch(int i) {
    return touchOf.computeIfAbsent(
        i,
        key -> {
          touches.add(new Schedule.Touch(kernel.body().get(key)));
          return touches.size() - 1;
        });
  }

  private DType dtype(Access access) {
    return kernel.parameters().get(access.parameter()).dtype();
  }

  private void add(int section, List<Value> results, List<Value> operands, Supplier<Step> step) {
    results.forEach(value -> value.section = section);
    drafts.add(new Draft(section, results, List.copyOf(operands), step));
  }

  /** Chooses registers: a value's is free again after its last use. */
  private Schedule assign() {
    drafts.sort(java.util.Comparator.comparingInt(Draft::section));
    int[] ends = new int[2 * passes + 1];
    for (int position = 0; position < drafts.size(); position++) {
      ends[drafts.get(position).section()] = position;
    }
    for (int position = 0; position < drafts.size(); position++) {
      Draft draft = drafts.get(position);
      for (Value operand : draft.operands()) {
        // every tile of a pass reads what was made before the pass: it lives until the pass ends
        int use = operand.section == draft.section() ? position : ends[draft.section()];
        operand.lastUse = Math.max(operand.lastUse, use);
      }
    }
    int[] counts = new int[ScalarType.values().length];
    List<Schedule.Pinned> constants = new ArrayList<>();
    pinned.forEach((i, value) -> {
      value.slot = counts[value.type.ordinal()]++;
      constants.add(new Schedule.Pinned(kernel.body().get(i), value.slot));
    });
    assignSlots(counts);
    List<List<Step>> sections = new ArrayList<>();
    for (int section = 0; section <= 2 * passes; section++) {
      sections.add(new ArrayList<>());
    }
    for (Draft draft : drafts) {
      sections.get(draft.section()).add(draft.step().get());
    }
    for (int type = 0; type < counts.length; type++) {
      // absent operands name register 0
      counts[type] = Math.max(1, counts[type]);
    }
    return new Schedule(sections, touches, folds, counts, constants);
  }

  private void assignSlots(int[] counts) {
    List<Deque<Integer>> free = new ArrayList<>();
    for (int type = 0; type < counts.length; type++) {
      free.add(new ArrayDeque<>());
    }
    List<List<Value>> dying = new ArrayList<>();
    for (int position = 0; position < drafts.size(); position++) {
      dying.add(new ArrayList<>());
    }
    for (int position = 0; position < drafts.size(); position++) {
      for (Value value : drafts.get(position).results()) {
        Integer reused = free.get(value.type.ordinal()).pollFirst();
        value.slot = reused != null ? reused : counts[value.type.ordinal()]++;
        dying.get(Math.max(position, value.lastUse)).add(value);
      }
      for (Value value : dying.get(position)) {
        free.get(value.type.ordinal()).addFirst(value.slot);
      }
    }
  }
}
