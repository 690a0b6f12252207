package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Conversions;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws a kernel from a seed: a domain, inputs seen through all kinds of views, a body of random
 * primitives with masks, data-dependent loads and reductions, and several stores.
 */
final class RandomKernel {
  private static final long[] EXTENTS = {1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 33, 63, 64, 70, 100};
  private static final long POINTS_MAX = 2600;
  private static final DType[] COMMON = {
    DType.F32, DType.F32, DType.F32, DType.F64, DType.I32, DType.I64, DType.BOOL
  };

  private final SplittableRandom random;
  private final String name;

  private final List<Dim> domain = new ArrayList<>();
  private final List<Bindings> runs = new ArrayList<>();
  private final int rowRank;
  private final KernelBuilder b;
  private final List<KernelCase.Operand> operands = new ArrayList<>();
  private final List<DType> dtypes = new ArrayList<>();
  private final List<Drawn> terms = new ArrayList<>();

  /** A term, and whether it is the same all along the row. */
  private record Drawn(Term term, boolean uniform) {}

  /** Where a parameter is touched, and how many elements that needs. */
  private record Sight(Dim offset, List<Dim> strides, Dim elements, boolean uniform) {}

  private RandomKernel(long seed) {

    this.name = "random kernel " + seed;
    this.random = new SplittableRandom(seed);
    drawDomain();
    this.rowRank =
        domain.isEmpty() || random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(domain.size());
    this.b = new KernelBuilder("random" + seed, domain, rowRank);
  }

  /** The kernel of this seed. */
  static KernelCase of(long seed) {
    var drawn = new RandomKernel(seed);
    drawn.build();
    return new KernelCase(drawn.name, seed, drawn.b.build(), drawn.operands, drawn.runs);
  }

  private void drawDomain() {
    int rank = random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(4);
    Bindings small = Bindings.NONE;
    Bindings large = Bindings.NONE;
    long points = 1;
    for (int axis = 0; axis < rank; axis++) {
      long extent = EXTENTS[random.nextInt(EXTENTS.length)];
      while (points * extent > POINTS_MAX) {
        extent = Math.max(1, extent / 2);
      }
      points *= extent;
      if (random.nextInt(3) == 0) {
        Symbol symbol = new Symbol("n" + axis, 0, 200);
        domain.add(Dim.of(symbol));
        small = small.with(symbol, random.nextLong(extent + 1));
        large = large.with(symbol, extent);
      } else {
        domain.add(Dim.of(extent));
      }
    }
    runs.add(large);
    if (!large.values().isEmpty()) {
      runs.add(small);
    }
  }

  private void build() {
    int inputs = 1 + random.nextInt(4);
    for (int i = 0; i < inputs; i++) {
      drawInput();
    }
    for (int axis = 0; axis < domain.size(); axis++) {
      if (random.nextInt(3) == 0) {
        keep(b.index(axis), axis < domain.size() - rowRank);
      }
    }
    if (!domain.isEmpty() && random.nextInt(4) == 0) {
      keep(b.extent(domain.get(random.nextInt(domain.size()))), true);
    }
    drawBody(3 + random.nextInt(20));
    for (int i = random.nextInt(rowRank > 0 ? 4 : 1); i > 0; i--) {
      drawReduction();
      drawBody(1 + random.nextInt(6));
    }
    int stores = 1 + random.nextInt(3);
    for (int i = 0; i < stores; i++) {
      drawStore(i);
    }
  }

  private void keep(Term term, boolean uniform) {
    terms.add(new Drawn(term, uniform));
  }

  // --- inputs

  private void drawInput() {
    DType dtype = anyDType();
    int kind = random.nextInt(8);
    if (kind == 0 && !domain.isEmpty()) {
      drawPadded(dtype);
    } else if (kind == 1) {
      drawGather(dtype);
    } else if (kind == 2 && !domain.isEmpty()) {
      Sight sight = overlapping();
      load(dtype, sight);
    } else {
      load(dtype, view(axes(random.nextInt(3) == 0)));
    }
  }

  private DType anyDType() {
    return random.nextInt(3) > 0
        ? COMMON[random.nextInt(COMMON.length)]
        : DType.values()[random.nextInt(DType.values().length)];
  }

  private void load(DType dtype, Sight sight) {
    Values values = random.nextInt(3) == 0 ? Values.Spread.ANY : Values.Spread.MODERATE;
    int parameter = input(dtype, sight.elements(), values);
    keep(b.load(new Access(parameter, sight.offset(), sight.strides())), sight.uniform());
  }

  private int input(DType dtype, Dim elements, Values values) {
    operands.add(new KernelCase.Operand(elements, values));
    dtypes.add(dtype);
    return b.input("x" + (operands.size() - 1), dtype);
  }

  /** Axes that a view depends on, outermost first: all of them, or some (the others broadcast). */
  private List<Integer> axes(boolean some) {
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < domain.size(); axis++) {
      if (!some || random.nextBoolean()) {
        axes.add(axis);
      }
    }
    return axes;
  }

  /** A layout of {@code axes} without overlap: permuted, with gaps, reversed, at an offset. */
  private Sight view(List<Integer> axes) {
    List<Integer> order = new ArrayList<>(axes);
    if (random.nextInt(3) == 0) {
      Collections.shuffle(order, new java.util.Random(random.nextLong()));
    }
    List<Dim> strides = new ArrayList<>(Collections.nCopies(domain.size(), Dim.ZERO));
    Dim offset = Dim.of(random.nextInt(3) == 0 ? random.nextInt(40) : 0);
    Dim size = Dim.ONE;
    Dim start = offset;
    for (int axis : order.reversed()) {
      Dim extent = domain.get(axis);
      Dim stride = size.times(random.nextInt(5) == 0 ? 2 + random.nextInt(2) : 1);
      size = stride.times(extent);
      if (random.nextInt(8) == 0) {
        start = start.plus(extent.plus(-1).times(stride));
        stride = stride.times(-1);
      }
      strides.set(axis, stride);
    }
    boolean uniform = order.stream().allMatch(axis -> axis < domain.size() - rowRank);
    return new Sight(start, strides, offset.plus(size), uniform);
  }

  /** Any small strides, so that points share elements as windows do. */
  private Sight overlapping() {
    List<Dim> strides = new ArrayList<>();
    Dim last = Dim.ZERO;
    boolean uniform = true;
    for (int axis = 0; axis < domain.size(); axis++) {
      long stride = random.nextInt(4);
      strides.add(Dim.of(stride));
      last = last.plus(domain.get(axis).times(stride));
      uniform &= stride == 0 || axis < domain.size() - rowRank;
    }
    return new Sight(Dim.ZERO, strides, last.plus(1), uniform);
  }

  /** A masked load: the parameter is smaller than the domain along one axis. */
  private void drawPadded(DType dtype) {
    int axis = random.nextInt(domain.size());
    long low = random.nextInt(3);
    long high = random.nextInt(3);
    Dim inner = domain.get(axis).plus(-low - high).max(Dim.ZERO);
    List<Dim> strides = new ArrayList<>(Collections.nCopies(domain.size(), Dim.ZERO));
    Dim size = Dim.ONE;
    for (int i = domain.size() - 1; i >= 0; i--) {
      strides.set(i, size);
      size = size.times(i == axis ? inner : domain.get(i));
    }
    Term at = b.index(axis);
    Term inside =
        b.and(b.le(b.constant(low), at), b.lt(at, b.add(b.extent(inner), b.constant(low))));
    int parameter = input(dtype, size, Values.Spread.ANY);
    Dim offset = strides.get(axis).times(-low);
    keep(b.load(new Access(parameter, offset, strides), inside), false);
  }

  /** A load at indices that are data: loaded themselves, or computed. */
  private void drawGather(DType dtype) {
    Dim extent = Dim.of(1 + random.nextInt(20));
    Term index;
    boolean uniform;
    if (random.nextBoolean()) {
      Sight sight = view(axes(random.nextBoolean()));
      int parameter = input(DType.I64, sight.elements(), new Values.Below(extent));
      index = b.load(new Access(parameter, sight.offset(), sight.strides()));
      uniform = sight.uniform();
    } else {
      Drawn wide = pick(ScalarType.I64, true);
      index = b.apply(Primitive.UREM, wide.term(), b.extent(extent));
      uniform = wide.uniform();
    }
    // rows of the table: a few axes of the domain, after the gathered one
    Sight row = view(axes(true));
    int parameter = input(dtype, row.elements().times(extent), Values.Spread.ANY);
    Access access = new Access(parameter, row.offset(), row.strides());
    keep(b.loadAt(access, index, row.elements(), extent), uniform && row.uniform());
  }

  // --- body

  /** A term of this type: one that is there, or a new constant. */
  private Drawn pick(ScalarType type, boolean mayVary) {
    List<Drawn> fitting =
        terms.stream().filter(t -> t.term().type() == type && (mayVary || t.uniform())).toList();
    if (fitting.isEmpty() || random.nextInt(6) == 0) {
      return new Drawn(b.constant(type, constant(type)), true);
    }
    // later terms more often, so that chains get long
    int a = random.nextInt(fitting.size());
    return fitting.get(Math.max(a, random.nextInt(fitting.size())));
  }

  private long constant(ScalarType type) {
    DType dtype =
        switch (type) {
          case F32 -> DType.F32;
          case F64 -> DType.F64;
          case I32 -> DType.I32;
          case I64 -> DType.I64;
          case BOOL -> DType.BOOL;
        };
    Values values = random.nextInt(4) == 0 ? Values.Spread.ANY : Values.Spread.MODERATE;
    return Inputs.draw(dtype, new long[0], values, Bindings.NONE, random).get(0);
  }

  private void drawBody(int steps) {
    for (int i = 0; i < steps; i++) {
      Primitive op = Primitive.values()[random.nextInt(Primitive.values().length)];
      List<ScalarType> types = operandTypes(op);
      Term[] chosen = new Term[types.size()];
      boolean uniform = true;
      for (int j = 0; j < chosen.length; j++) {
        Drawn drawn = pick(types.get(j), true);
        chosen[j] = drawn.term();
        uniform &= drawn.uniform();
      }
      // the bits of a NaN are nobody's promise: hide them
      boolean bits = op == Primitive.F32_BITS || op == Primitive.F64_BITS;
      Term result = b.apply(op, chosen);
      if (bits) {
        Term zero = b.number(result.type(), 0);
        result = b.select(b.ne(chosen[0], chosen[0]), zero, result);
      }
      keep(result, uniform);
    }
  }

  /** Types that {@code op} takes, drawn among those that there are. */
  private List<ScalarType> operandTypes(Primitive op) {
    List<List<ScalarType>> possible = new ArrayList<>();
    for (ScalarType type : ScalarType.values()) {
      List<ScalarType> types = new ArrayList<>(Collections.nCopies(op.arity(), type));
      if (op == Primitive.SELECT) {
        types.set(0, ScalarType.BOOL);
      }
      if (takes(op, types)) {
        possible.add(types);
      }
    }
    List<List<ScalarType>> present =
        possible.stream()
            .filter(
                types -> terms.stream().anyMatch(drawn -> drawn.term().type() == types.getLast()))
            .toList();
    List<List<ScalarType>> from = present.isEmpty() ? possible : present;
    return from.get(random.nextInt(from.size()));
  }

  private static boolean takes(Primitive op, List<ScalarType> types) {
    try {
      op.result(types);
      return true;
    } catch (IllegalArgumentException refused) {
      return false;
    }
  }

  private void drawReduction() {
    ScalarType type = terms.get(random.nextInt(terms.size())).term().type();
    Drawn a = pick(type, true);
    if (type != ScalarType.BOOL && random.nextInt(4) == 0) {
      Drawn other = pick(type, true);
      keep(b.dot(a.term(), other.term(), pick(type, false).term()), true);
      return;
    }
    Reduction reduction =
        type == ScalarType.BOOL
            ? (random.nextBoolean() ? Reduction.MAX : Reduction.MIN)
            : Reduction.values()[random.nextInt(4)];
    keep(b.reduce(reduction, a.term()), true);
  }

  // --- stores

  private void drawStore(int number) {
    boolean rowUniform = rowRank > 0 && random.nextInt(3) == 0;
    ScalarType wanted = terms.get(random.nextInt(terms.size())).term().type();
    Drawn value = pick(wanted, !rowUniform);
    List<Integer> axes = new ArrayList<>();
    int rank = rowUniform ? domain.size() - rowRank : domain.size();
    for (int axis = 0; axis < rank; axis++) {
      axes.add(axis);
    }
    DType dtype = dtypeOf(wanted);
    int loaded = rowRank == 0 && number == 0 && random.nextInt(4) == 0 ? inPlace() : -1;
    Sight sight;
    if (loaded >= 0) {
      dtype = dtypes.get(loaded);
      sight = contiguous();
      value = pick(dtype.scalar(), true);
    } else if (dtype.bits() < 8 || random.nextBoolean()) {
      sight = contiguous(axes);
    } else {
      sight = view(axes);
    }
    operands.add(new KernelCase.Operand(sight.elements(), Values.Spread.MODERATE, loaded));
    dtypes.add(dtype);
    int parameter = b.output("y" + number, dtype);
    Access access = new Access(parameter, sight.offset(), sight.strides());
    Term settled = Conversions.settle(b, dtype, value.term());
    Drawn mask = pick(ScalarType.BOOL, !rowUniform);
    if (random.nextInt(5) == 0 && dtype.bits() >= 8) {
      b.store(access, settled, mask.term());
    } else {
      b.store(access, settled);
    }
  }

  private Sight contiguous() {
    List<Integer> all = new ArrayList<>();
    for (int axis = 0; axis < domain.size(); axis++) {
      all.add(axis);
    }
    return contiguous(all);
  }

  private Sight contiguous(List<Integer> axes) {
    List<Dim> strides = new ArrayList<>(Collections.nCopies(domain.size(), Dim.ZERO));
    Dim size = Dim.ONE;
    for (int axis : axes.reversed()) {
      strides.set(axis, size);
      size = size.times(domain.get(axis));
    }
    return new Sight(Dim.ZERO, strides, size, axes.size() <= domain.size() - rowRank);
  }

  /** A new input that lies where the result goes, read at the same element that is written. */
  private int inPlace() {
    DType dtype = COMMON[random.nextInt(COMMON.length)];
    Sight sight = contiguous();
    int parameter = input(dtype, sight.elements(), Values.Spread.MODERATE);
    keep(b.load(new Access(parameter, sight.offset(), sight.strides())), false);
    return parameter;
  }

  private DType dtypeOf(ScalarType scalar) {
    List<DType> fitting = new ArrayList<>();
    for (DType dtype : DType.values()) {
      if (dtype.scalar() == scalar) {
        fitting.add(dtype);
      }
    }
    return random.nextInt(3) > 0 ? fitting.getFirst() : fitting.get(random.nextInt(fitting.size()));
  }
}
