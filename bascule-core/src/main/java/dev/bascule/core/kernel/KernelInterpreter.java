package dev.bascule.core.kernel;

import dev.bascule.core.Bindings;
import dev.bascule.core.DataException;
import dev.bascule.core.ScalarType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a kernel means: row by row, point by point, one scalar after the other. Slow; the oracle of
 * every compiled form.
 *
 * <p>A row is run in stages. Each stage walks the row once and finishes every reduction whose
 * operands are known by then; values that vary along the row are computed anew at each point,
 * values that do not are computed once.
 */
public final class KernelInterpreter {
  private final Kernel kernel;
  private final List<MemorySegment> operands;
  private final long[] extents;
  private final boolean[] uniform;
  private final int[] stage;
  private final Bindings dims;
  private final long[] values;
  private final long[] index;
  private final long[][] offsets;
  private final long[][][] strides;

  private KernelInterpreter(Kernel kernel, List<MemorySegment> operands, Bindings dims) {
    this.kernel = kernel;
    this.operands = operands;
    this.dims = dims;
    this.extents = kernel.domain().stream().mapToLong(dim -> dim.evaluate(dims)).toArray();
    this.uniform = kernel.rowUniform();
    this.values = new long[kernel.body().size()];
    this.index = new long[extents.length];
    this.stage = stages(kernel);
    this.offsets = new long[values.length][];
    this.strides = new long[values.length][][];
    for (int i = 0; i < values.length; i++) {
      Access access =
          switch (kernel.body().get(i)) {
            case Instruction.Load load -> load.access();
            case Instruction.LoadAt load -> load.access();
            case Instruction.Store store -> store.access();
            default -> null;
          };
      if (access != null) {
        offsets[i] = new long[] {access.offset().evaluate(dims)};
        strides[i] =
            new long[][] {access.strides().stream().mapToLong(s -> s.evaluate(dims)).toArray()};
      }
    }
  }

  /**
   * Runs {@code kernel}; one segment per parameter. An index outside its extent raises a {@link
   * DataException}.
   */
  public static void run(Kernel kernel, List<MemorySegment> operands, Bindings dims) {
    new KernelInterpreter(kernel, operands, dims).run();
  }

  /**
   * For each instruction the pass over the row in which its value is known: reductions are known
   * one pass later.
   */
  public static int[] stages(Kernel kernel) {
    int[] stage = new int[kernel.body().size()];
    for (int i = 0; i < stage.length; i++) {
      Instruction instruction = kernel.body().get(i);
      for (int operand : instruction.operands()) {
        stage[i] = Math.max(stage[i], stage[operand]);
      }
      if (instruction instanceof Instruction.Reduce) {
        stage[i]++;
      }
    }
    return stage;
  }

  private void run() {
    if (kernel.isRow()) {
      int outer = kernel.outerRank();
      forEach(0, outer, this::row);
    } else {
      forEach(0, extents.length, this::point);
    }
  }

  /**
   * Calls {@code body} for every combination of the axes [from, to), row-major; once where there
   * are none.
   */
  private void forEach(int from, int to, Runnable body) {
    if (from == to) {
      body.run();
      return;
    }
    for (long i = 0; i < extents[from]; i++) {
      index[from] = i;
      forEach(from + 1, to, body);
    }
  }

  private void point() {
    for (int i = 0; i < values.length; i++) {
      values[i] = compute(i);
    }
  }

  private void row() {
    int last = Arrays.stream(stage).max().orElse(0);
    for (int pass = 0; pass <= last; pass++) {
      computeUniform(pass);
      List<Lanes> folds = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        if (kernel.body().get(i) instanceof Instruction.Reduce reduce && stage[i] == pass + 1) {
          folds.add(new Lanes(i, reduce));
        }
      }
      int current = pass;
      forEach(kernel.outerRank(), extents.length, () -> rowPoint(current, folds));
      folds.forEach(fold -> values[fold.at] = fold.result());
    }
  }

  /** Values that are the same along the row and known in this pass; an empty row still has them. */
  private void computeUniform(int pass) {
    for (int i = 0; i < values.length; i++) {
      if (uniform[i] && stage[i] == pass && !(kernel.body().get(i) instanceof Instruction.Reduce)) {
        values[i] = compute(i);
      }
    }
  }

  private void rowPoint(int pass, List<Lanes> folds) {
    for (int i = 0; i < values.length; i++) {
      boolean store = kernel.body().get(i) instanceof Instruction.Store;
      if (!uniform[i] && (store ? stage[i] == pass : stage[i] <= pass)) {
        values[i] = compute(i);
      }
    }
    folds.forEach(Lanes::take);
  }

  private long compute(int i) {
    return switch (kernel.body().get(i)) {
      case Instruction.Load load ->
          load.mask() != Instruction.ALWAYS && values[load.mask()] == 0
              ? 0
              : load(load.access(), element(i));
      case Instruction.LoadAt load -> {
        long at = values[load.index()];
        long extent = load.extent().evaluate(dims);
        if (at < 0 || at >= extent) {
          throw new DataException(
              "kernel " + kernel.name() + ": index " + at + " is outside [0, " + extent + ")");
        }
        yield load(load.access(), element(i) + at * load.stride().evaluate(dims));
      }
      case Instruction.Constant constant -> constant.bits();
      case Instruction.Index axis -> index[axis.axis()];
      case Instruction.Extent extent -> extent.dim().evaluate(dims);
      case Instruction.Compute c -> compute(c);
      case Instruction.Reduce reduce ->
          throw new IllegalStateException("reductions are folded by the row");
      case Instruction.Store store -> store(i, store);
    };
  }

  private long compute(Instruction.Compute c) {
    List<Integer> o = c.operands();
    long a = values[o.get(0)];
    long b = o.size() > 1 ? values[o.get(1)] : 0;
    long d = o.size() > 2 ? values[o.get(2)] : 0;
    ScalarType type = kernel.body().get(o.getLast()).type();
    return Scalars.apply(c.op(), type, a, b, d);
  }

  private long load(Access access, long element) {
    return Storage.load(
        kernel.parameters().get(access.parameter()).dtype(),
        operands.get(access.parameter()),
        element);
  }

  private long store(int i, Instruction.Store store) {
    if (store.mask() == Instruction.ALWAYS || values[store.mask()] != 0) {
      int parameter = store.access().parameter();
      Storage.store(
          kernel.parameters().get(parameter).dtype(),
          operands.get(parameter),
          element(i),
          values[store.value()]);
    }
    return values[store.value()];
  }

  private long element(int i) {
    long element = offsets[i][0];
    for (int axis = 0; axis < index.length; axis++) {
      element += index[axis] * strides[i][0][axis];
    }
    return element;
  }

  /** A reduction under way: 32 lanes, or one accumulator for sequential fma. */
  private final class Lanes {
    private final int at;
    private final Instruction.Reduce reduce;
    private final long[] lanes;
    private long taken;

    Lanes(int at, Instruction.Reduce reduce) {
      this.at = at;
      this.reduce = reduce;
      if (reduce.reduction() == Reduction.FMA) {
        lanes = new long[] {values[reduce.operands().get(2)]};
      } else {
        lanes = new long[Reduction.LANES];
        Arrays.fill(lanes, reduce.reduction().identity(reduce.type()));
      }
    }

    void take() {
      long a = values[reduce.operands().getFirst()];
      if (reduce.reduction() == Reduction.FMA) {
        long b = values[reduce.operands().get(1)];
        lanes[0] = multiplyAdd(a, b, lanes[0]);
      } else {
        int lane = (int) (taken++ % Reduction.LANES);
        lanes[lane] = combine(lanes[lane], a);
      }
    }

    private long multiplyAdd(long a, long b, long sum) {
      return reduce.type().isFloat()
          ? Scalars.apply(Primitive.FMA, reduce.type(), a, b, sum)
          : Scalars.apply(
              Primitive.ADD,
              reduce.type(),
              Scalars.apply(Primitive.MUL, reduce.type(), a, b, 0),
              sum,
              0);
    }

    private long combine(long a, long b) {
      if (reduce.type() == ScalarType.BOOL) {
        return reduce.reduction() == Reduction.MAX ? a | b : a & b;
      }
      return Scalars.apply(reduce.reduction().primitive(), reduce.type(), a, b, 0);
    }

    long result() {
      for (int half = lanes.length / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; lane++) {
          lanes[lane] = combine(lanes[lane], lanes[lane + half]);
        }
      }
      return lanes[0];
    }
  }
}
