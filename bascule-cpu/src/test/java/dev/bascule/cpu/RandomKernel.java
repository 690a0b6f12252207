package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Symbol;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Storage;
import dev.bascule.core.kernel.Term;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A kernel drawn at random with fitting operands: every dtype, views of every kind, masks,
 * data-dependent loads, reductions, awkward extents.
 */
final class RandomKernel {
  private final RandomGenerator random;
  private final KernelBuilder builder;
  private final long[] extents;
  private final List<Dim> domain = new ArrayList<>();
  private final Map<Symbol, Long> symbols = new HashMap<>();
  private final int rowRank;
  private final List<Term> terms = new ArrayList<>();
  private final List<DType> dtypes = new ArrayList<>();
  private final List<Long> sizes = new ArrayList<>();
  private final List<Boolean> outputs = new ArrayList<>();
  private final Kernel kernel;

  RandomKernel(RandomGenerator random) {
    this.random = random;
    this.extents = extents();
    for (int axis = 0; axis < extents.length; axis++) {
      domain.add(dim(extents[axis], "d" + axis));
    }
    this.rowRank = extents.length == 0 ? 0 : random.nextInt(extents.length + 1);
    this.builder = new KernelBuilder("random", domain, rowRank);
    draw();
    this.kernel = builder.build();
  }

  Kernel kernel() {
    return kernel;
  }

  Bindings dims() {
    return new Bindings(symbols);
  }

  private long[] extents() {
    int rank = random.nextInt(5);
    long[] drawn = new long[rank];
    long budget = 6000;
    for (int axis = 0; axis < rank; axis++) {
      long most =
          switch (random.nextInt(6)) {
            case 0 -> 1;
            case 1 -> 3;
            case 2 -> 17;
            case 3 -> 70;
            case 4 -> 1100;
            default -> 5000;
          };
      drawn[axis] = 1 + random.nextLong(Math.max(1, Math.min(most, budget)));
      budget = Math.max(1, budget / drawn[axis]);
    }
    if (rank > 0 && random.nextInt(40) == 0) {
      drawn[random.nextInt(rank)] = 0;
    }
    return drawn;
  }

  private Dim dim(long value, String name) {
    if (random.nextInt(3) > 0) {
      return Dim.of(value);
    }
    Symbol symbol = new Symbol(name, 0, 1_000_000);
    symbols.put(symbol, value);
    return Dim.of(symbol);
  }

  private void draw() {
    terms.add(builder.constant(1.5f));
    terms.add(builder.constant(-7L));
    terms.add(builder.constant(random.nextInt(100)));
    terms.add(builder.constant(random.nextDouble()));
    for (int axis = 0; axis < extents.length; axis++) {
      terms.add(builder.index(axis));
    }
    int inputs = 1 + random.nextInt(3);
    for (int i = 0; i < inputs; i++) {
      drawLoad(random.nextInt(4) == 0);
    }
    int steps = random.nextInt(20);
    for (int i = 0; i < steps; i++) {
      switch (random.nextInt(12)) {
        case 0 -> drawLoad(true);
        case 1 -> drawLoadAt();
        case 2, 3 -> drawReduction();
        case 4 -> drawConversion();
        case 5 -> terms.add(builder.extent(dim(1 + random.nextLong(50), "e" + i)));
        default -> drawCompute();
      }
    }
    int stores = 1 + random.nextInt(2);
    for (int i = 0; i < stores; i++) {
      drawStore();
    }
  }

  private DType dtype() {
    return DType.values()[random.nextInt(DType.values().length)];
  }

  /** A random view of a new parameter over axes {@code from} on; other axes broadcast. */
  private Access access(DType dtype, boolean output, int axes) {
    long[] strides = new long[extents.length];
    List<Integer> order = new ArrayList<>();
    for (int axis = 0; axis < axes; axis++) {
      order.add(axis);
    }
    if (random.nextInt(3) == 0) {
      java.util.Collections.shuffle(order, java.util.Random.from(random));
    }
    long stride = random.nextInt(4) == 0 ? 2 : 1;
    long offset = random.nextInt(3);
    long span = offset + 1;
    for (int k = order.size() - 1; k >= 0; k--) {
      int axis = order.get(k);
      if (!output && random.nextInt(4) == 0) {
        continue;
      }
      boolean flip = random.nextInt(6) == 0;
      long reach = stride * Math.max(0, extents[axis] - 1);
      strides[axis] = flip ? -stride : stride;
      offset += flip ? reach : 0;
      span += reach;
      stride *= Math.max(1, extents[axis]) + (random.nextInt(5) == 0 ? 1 : 0);
    }
    int parameter =
        output
            ? builder.output("p" + sizes.size(), dtype)
            : builder.input("p" + sizes.size(), dtype);
    dtypes.add(dtype);
    sizes.add(span + 1);
    outputs.add(output);
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < strides.length; axis++) {
      boolean plain = strides[axis] < 0 || random.nextBoolean();
      dims.add(plain ? Dim.of(strides[axis]) : dim(strides[axis], "s" + parameter + axis));
    }
    return new Access(parameter, Dim.of(offset), dims);
  }

  private void drawLoad(boolean masked) {
    Access access = access(dtype(), false, extents.length);
    if (masked) {
      Term mask = truth();
      terms.add(builder.load(access, mask));
    } else {
      terms.add(builder.load(access));
    }
  }

  private Term truth() {
    Term index = extents.length > 0 ? builder.index(random.nextInt(extents.length)) : terms.get(1);
    return random.nextBoolean()
        ? builder.lt(index, builder.constant(random.nextLong(40)))
        : builder.eq(
            builder.apply(Primitive.AND, index, builder.constant(3L)), builder.constant(1L));
  }

  private void drawLoadAt() {
    long extent = 1L + random.nextInt(9);
    Term index = builder.apply(Primitive.UREM, pick(ScalarType.I64), builder.constant(extent));
    DType dtype = dtype();
    Access inner = access(dtype, false, extents.length);
    int last = sizes.size() - 1;
    long stride = sizes.get(last);
    sizes.set(last, stride * extent);
    terms.add(builder.loadAt(inner, index, Dim.of(stride), Dim.of(extent)));
  }

  private Term pick(ScalarType type) {
    List<Term> fitting = terms.stream().filter(term -> term.type() == type).toList();
    if (fitting.isEmpty()) {
      return builder.number(type, random.nextInt(5));
    }
    return fitting.get(Math.max(random.nextInt(fitting.size()), random.nextInt(fitting.size())));
  }

  private void drawReduction() {
    if (rowRank == 0) {
      return;
    }
    ScalarType type = ScalarType.values()[random.nextInt(ScalarType.values().length)];
    if (type == ScalarType.BOOL) {
      terms.add(builder.reduce(random.nextBoolean() ? Reduction.MAX : Reduction.MIN, pick(type)));
      return;
    }
    Reduction reduction = Reduction.values()[random.nextInt(Reduction.values().length)];
    terms.add(
        reduction == Reduction.FMA
            ? builder.dot(pick(type), pick(type), builder.number(type, random.nextInt(3)))
            : builder.reduce(reduction, pick(type)));
  }

  private void drawConversion() {
    Primitive op = Primitive.values()[random.nextInt(Primitive.values().length)];
    // of a NaN's bits nothing is promised
    if (op.isConversion() && op != Primitive.F32_BITS && op != Primitive.F64_BITS) {
      for (ScalarType type : ScalarType.values()) {
        try {
          op.result(List.of(type));
        } catch (IllegalArgumentException e) {
          continue;
        }
        terms.add(builder.apply(op, pick(type)));
        return;
      }
    }
  }

  private void drawCompute() {
    ScalarType type = ScalarType.values()[random.nextInt(ScalarType.values().length)];
    Primitive op = Primitive.values()[random.nextInt(Primitive.values().length)];
    if (op.isConversion()) {
      return;
    }
    Term[] operands = new Term[op.arity()];
    List<ScalarType> types = new ArrayList<>();
    for (int i = 0; i < operands.length; i++) {
      operands[i] = op == Primitive.SELECT && i == 0 ? truth() : pick(type);
      types.add(operands[i].type());
    }
    try {
      op.result(types);
    } catch (IllegalArgumentException e) {
      return;
    }
    terms.add(builder.apply(op, operands));
  }

  private void drawStore() {
    DType dtype = dtype();
    Term value = pick(dtype.scalar());
    boolean perRow = rowRank > 0 && random.nextInt(3) == 0;
    if (perRow) {
      // of what is known to be the same along the row
      value =
          dtype.scalar() == ScalarType.BOOL
              ? builder.reduce(Reduction.MAX, value)
              : builder.reduce(Reduction.MIN, value);
    }
    Access access = access(dtype, true, perRow ? extents.length - rowRank : extents.length);
    if (!perRow && random.nextInt(4) == 0) {
      builder.store(access, value, truth());
    } else {
      builder.store(access, value);
    }
  }

  /** Operands with plausible contents, equal for equal {@code seed}. */
  List<MemorySegment> operands(Arena arena, long seed) {
    java.util.Random contents = new java.util.Random(seed);
    List<MemorySegment> segments = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      DType dtype = dtypes.get(i);
      MemorySegment segment = arena.allocate(dtype.bytes(sizes.get(i)) + 64, 64);
      for (long at = 0; at < sizes.get(i); at++) {
        Storage.store(dtype, segment, at, scalar(dtype, contents));
      }
      segments.add(segment.asSlice(0, dtype.bytes(sizes.get(i))));
    }
    return segments;
  }

  private static long scalar(DType dtype, java.util.Random contents) {
    return switch (dtype.scalar()) {
      case F32 -> {
        float value =
            switch (contents.nextInt(24)) {
              case 0 -> Float.NaN;
              case 1 -> Float.POSITIVE_INFINITY;
              case 2 -> -0f;
              case 3 -> 0f;
              case 4 -> Float.MIN_VALUE * 5;
              default -> (float) (contents.nextGaussian() * 10);
            };
        yield dev.bascule.core.kernel.Scalars.of(value);
      }
      case F64 ->
          dev.bascule.core.kernel.Scalars.of(
              contents.nextInt(20) == 0 ? Double.NaN : contents.nextGaussian() * 100);
      case I32 -> contents.nextBoolean() ? contents.nextInt() : contents.nextInt(20) - 10;
      case I64 -> contents.nextBoolean() ? contents.nextLong() : contents.nextInt(20) - 10;
      case BOOL -> contents.nextInt(2);
    };
  }

  /** The first difference of operands, all NaNs being equal; empty where there is none. */
  String difference(List<MemorySegment> expected, List<MemorySegment> got) {
    for (int i = 0; i < sizes.size(); i++) {
      DType dtype = dtypes.get(i);
      for (long at = 0; at < sizes.get(i); at++) {
        long a = Storage.load(dtype, expected.get(i), at);
        long b = Storage.load(dtype, got.get(i), at);
        if (a != b && !(isNan(dtype.scalar(), a) && isNan(dtype.scalar(), b))) {
          return "operand "
              + i
              + " ("
              + dtype
              + ") element "
              + at
              + ": expected "
              + Long.toHexString(a)
              + ", got "
              + Long.toHexString(b);
        }
      }
    }
    return "";
  }

  private static boolean isNan(ScalarType type, long bits) {
    return switch (type) {
      case F32 -> Float.isNaN(Float.intBitsToFloat((int) bits));
      case F64 -> Double.isNaN(Double.longBitsToDouble(bits));
      case I32, I64, BOOL -> false;
    };
  }

  /** Copies of operands. */
  static List<MemorySegment> copies(List<MemorySegment> operands, Arena arena) {
    List<MemorySegment> copies = new ArrayList<>();
    for (MemorySegment operand : operands) {
      MemorySegment copy = arena.allocate(operand.byteSize() + 64, 64);
      MemorySegment.copy(
          operand, ValueLayout.JAVA_BYTE, 0, copy, ValueLayout.JAVA_BYTE, 0, operand.byteSize());
      copies.add(copy.asSlice(0, operand.byteSize()));
    }
    return copies;
  }
}
