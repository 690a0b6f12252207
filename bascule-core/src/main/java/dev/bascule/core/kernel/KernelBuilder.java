package dev.bascule.core.kernel;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a {@link Kernel}. Equal pure steps are shared (value numbering) and steps over constants
 * are folded with {@link Scalars}, so callers may write formulas plainly.
 */
public final class KernelBuilder {
  private final String name;
  private final List<Dim> domain;
  private final int rowRank;
  private final List<Kernel.Parameter> parameters = new ArrayList<>();
  private final List<Instruction> body = new ArrayList<>();
  private final Map<Instruction, Integer> numbering = new HashMap<>();

  public KernelBuilder(String name, List<Dim> domain, int rowRank) {
    this.name = name;
    this.domain = List.copyOf(domain);
    this.rowRank = rowRank;
    if (rowRank < 0 || rowRank > domain.size()) {
      throw new IllegalArgumentException(
          "kernel " + name + ": row rank " + rowRank + " of domain " + domain);
    }
  }

  public List<Dim> domain() {
    return domain;
  }

  /** Instructions so far. */
  public int size() {
    return body.size();
  }

  public int input(String parameter, DType dtype) {
    parameters.add(new Kernel.Parameter(parameter, dtype, false));
    return parameters.size() - 1;
  }

  public int output(String parameter, DType dtype) {
    parameters.add(new Kernel.Parameter(parameter, dtype, true));
    return parameters.size() - 1;
  }

  public Term load(Access access) {
    return share(new Instruction.Load(access, Instruction.ALWAYS, scalar(access)));
  }

  /** Loads where {@code mask} is true; elsewhere 0, without touching memory. */
  public Term load(Access access, Term mask) {
    require(mask, ScalarType.BOOL, "load mask");
    return share(new Instruction.Load(access, mask.index(), scalar(access)));
  }

  /**
   * Loads at a data-dependent, bounds-checked {@code index} of an axis with this stride and extent.
   */
  public Term loadAt(Access access, Term index, Dim stride, Dim extent) {
    require(index, ScalarType.I64, "load index");
    return share(new Instruction.LoadAt(access, index.index(), stride, extent, scalar(access)));
  }

  private ScalarType scalar(Access access) {
    return parameters.get(access.parameter()).dtype().scalar();
  }

  public Term constant(float value) {
    return constant(ScalarType.F32, Scalars.of(value));
  }

  public Term constant(double value) {
    return constant(ScalarType.F64, Scalars.of(value));
  }

  public Term constant(int value) {
    return constant(ScalarType.I32, value);
  }

  public Term constant(long value) {
    return constant(ScalarType.I64, value);
  }

  public Term constant(boolean value) {
    return constant(ScalarType.BOOL, Scalars.of(value));
  }

  public Term constant(ScalarType type, long bits) {
    return share(new Instruction.Constant(type, bits));
  }

  /**
   * {@code value} in {@code type}: rounded once to f32, exact in f64; for integers it must be
   * integral.
   */
  public Term number(ScalarType type, double value) {
    return switch (type) {
      case F32 -> constant((float) value);
      case F64 -> constant(value);
      case I32 -> constant((int) value);
      case I64 -> constant((long) value);
      case BOOL -> constant(value != 0);
    };
  }

  public Term index(int axis) {
    return share(new Instruction.Index(axis));
  }

  public Term extent(Dim dim) {
    return dim.isConstant() ? constant(dim.constant()) : share(new Instruction.Extent(dim));
  }

  public Term apply(Primitive op, Term... operands) {
    List<ScalarType> types = new ArrayList<>();
    List<Integer> indices = new ArrayList<>();
    long[] constants = new long[3];
    boolean constant = true;
    for (int i = 0; i < operands.length; i++) {
      types.add(operands[i].type());
      indices.add(operands[i].index());
      if (body.get(operands[i].index()) instanceof Instruction.Constant c) {
        constants[i] = c.bits();
      } else {
        constant = false;
      }
    }
    ScalarType type = op.result(types);
    if (constant) {
      return constant(
          type, Scalars.apply(op, types.getLast(), constants[0], constants[1], constants[2]));
    }
    return share(new Instruction.Compute(op, indices, type));
  }

  public Term add(Term a, Term b) {
    return apply(Primitive.ADD, a, b);
  }

  public Term sub(Term a, Term b) {
    return apply(Primitive.SUB, a, b);
  }

  public Term mul(Term a, Term b) {
    return apply(Primitive.MUL, a, b);
  }

  public Term div(Term a, Term b) {
    return apply(Primitive.DIV, a, b);
  }

  public Term fma(Term a, Term b, Term c) {
    return apply(Primitive.FMA, a, b, c);
  }

  public Term neg(Term a) {
    return apply(Primitive.NEG, a);
  }

  public Term abs(Term a) {
    return apply(Primitive.ABS, a);
  }

  public Term eq(Term a, Term b) {
    return apply(Primitive.EQ, a, b);
  }

  public Term ne(Term a, Term b) {
    return apply(Primitive.NE, a, b);
  }

  public Term lt(Term a, Term b) {
    return apply(Primitive.LT, a, b);
  }

  public Term le(Term a, Term b) {
    return apply(Primitive.LE, a, b);
  }

  public Term and(Term a, Term b) {
    return apply(Primitive.AND, a, b);
  }

  public Term or(Term a, Term b) {
    return apply(Primitive.OR, a, b);
  }

  public Term not(Term a) {
    return apply(Primitive.NOT, a);
  }

  public Term select(Term condition, Term a, Term b) {
    return apply(Primitive.SELECT, condition, a, b);
  }

  /** Folds {@code a} over the row axes. */
  public Term reduce(Reduction reduction, Term a) {
    if (reduction == Reduction.FMA) {
      throw new IllegalArgumentException("reduce " + reduction + " takes three operands: use dot");
    }
    return share(new Instruction.Reduce(reduction, List.of(a.index()), a.type()));
  }

  /**
   * {@code acc = fma(a, b, acc)} over the row in ascending order, from the row-uniform {@code
   * initial}.
   */
  public Term dot(Term a, Term b, Term initial) {
    require(b, a.type(), "dot operand");
    require(initial, a.type(), "dot initial value");
    return share(
        new Instruction.Reduce(
            Reduction.FMA, List.of(a.index(), b.index(), initial.index()), a.type()));
  }

  public void store(Access access, Term value) {
    store(access, value, Instruction.ALWAYS);
  }

  public void store(Access access, Term value, Term mask) {
    require(mask, ScalarType.BOOL, "store mask");
    store(access, value, mask.index());
  }

  private void store(Access access, Term value, int mask) {
    require(value, scalar(access), "stored value");
    body.add(new Instruction.Store(access, value.index(), mask, value.type()));
  }

  private Term share(Instruction instruction) {
    Integer known = numbering.putIfAbsent(instruction, body.size());
    if (known != null) {
      return new Term(known, instruction.type());
    }
    body.add(instruction);
    return new Term(body.size() - 1, instruction.type());
  }

  private void require(Term term, ScalarType type, String what) {
    if (term.type() != type) {
      throw new IllegalArgumentException(
          "kernel " + name + ": " + what + " must be " + type + ", not " + term.type());
    }
  }

  /** The kernel, without the steps that no store needs. */
  public Kernel build() {
    boolean[] live = new boolean[body.size()];
    for (int i = body.size() - 1; i >= 0; i--) {
      if (body.get(i) instanceof Instruction.Store) {
        live[i] = true;
      }
      if (live[i]) {
        body.get(i).operands().forEach(operand -> live[operand] = true);
      }
    }
    int[] renumbered = new int[body.size()];
    List<Instruction> kept = new ArrayList<>();
    for (int i = 0; i < live.length; i++) {
      if (live[i]) {
        renumbered[i] = kept.size();
        kept.add(renumber(body.get(i), renumbered));
      }
    }
    Kernel kernel =
        new Kernel(name, domain, rowRank, Collections.unmodifiableList(parameters), kept);
    check(kernel);
    return kernel;
  }

  private static Instruction renumber(Instruction instruction, int[] to) {
    List<Integer> operands = instruction.operands().stream().map(i -> to[i]).toList();
    return switch (instruction) {
      case Instruction.Load load ->
          operands.isEmpty()
              ? load
              : new Instruction.Load(load.access(), operands.getFirst(), load.type());
      case Instruction.LoadAt load ->
          new Instruction.LoadAt(
              load.access(), operands.getFirst(), load.stride(), load.extent(), load.type());
      case Instruction.Compute c -> new Instruction.Compute(c.op(), operands, c.type());
      case Instruction.Reduce r -> new Instruction.Reduce(r.reduction(), operands, r.type());
      case Instruction.Store s ->
          new Instruction.Store(
              s.access(),
              operands.getFirst(),
              operands.size() == 1 ? Instruction.ALWAYS : operands.get(1),
              s.type());
      case Instruction.Constant c -> c;
      case Instruction.Index i -> i;
      case Instruction.Extent e -> e;
    };
  }

  private static void check(Kernel kernel) {
    boolean[] uniform = kernel.rowUniform();
    for (int i = 0; i < kernel.body().size(); i++) {
      switch (kernel.body().get(i)) {
        case Instruction.Reduce reduce -> {
          if (kernel.rowRank() == 0) {
            throw new IllegalArgumentException(
                kernel + "%" + i + " reduces, but the kernel has no row axes");
          }
          if (reduce.reduction() == Reduction.FMA && !uniform[reduce.operands().get(2)]) {
            throw new IllegalArgumentException(
                kernel + "%" + i + ": the initial value varies along the row");
          }
        }
        case Instruction.Store store -> {
          if (!kernel.parameters().get(store.access().parameter()).output()) {
            throw new IllegalArgumentException(kernel + "%" + i + " stores into an input");
          }
          boolean rowStore = kernel.isRow() && uniformAccess(kernel, store.access());
          if (rowStore && !store.operands().stream().allMatch(operand -> uniform[operand])) {
            throw new IllegalArgumentException(
                kernel + "%" + i + ": a value that varies along the row goes to one element");
          }
        }
        default -> {}
      }
    }
  }

  private static boolean uniformAccess(Kernel kernel, Access access) {
    for (int axis = kernel.outerRank(); axis < kernel.domain().size(); axis++) {
      if (!access.isUniform(axis)) {
        return false;
      }
    }
    return true;
  }
}
