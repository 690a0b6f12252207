package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The straight-line part of a kernel as OpenCL C: instruction i becomes the variable {@code vI},
 * axis a's coordinate is the variable {@code iA}, parameter p the pointer {@code pP}, and each
 * dimension that is not a constant an argument.
 *
 * <p>Instructions are sorted by <em>level</em>, the number of folds that must have ended before: a
 * row is walked once per level, and what varies along the row is computed anew in each walk that
 * needs it. Stores come in the last, so that an operation in place reads before it writes.
 */
final class OpenClBody {
  private final Kernel kernel;
  private final OpenClPrimitives primitives;
  private final boolean[] uniform;
  private final int[] level;
  private final DimArguments dimensions = DimArguments.withLiterals();

  OpenClBody(Kernel kernel, OpenClPrimitives primitives) {
    this.kernel = kernel;
    this.primitives = primitives;
    this.uniform = kernel.rowUniform();
    this.level = new int[kernel.body().size()];
    for (int i = 0; i < level.length; i++) {
      for (int operand : kernel.body().get(i).operands()) {
        boolean folded = kernel.body().get(operand) instanceof Instruction.Reduce;
        level[i] = Math.max(level[i], level[operand] + (folded ? 1 : 0));
      }
    }
  }

  Kernel kernel() {
    return kernel;
  }

  /** The dimensions that became arguments. */
  DimArguments dimensions() {
    return dimensions;
  }

  /** A dimension as C text: a literal, or the argument that carries it. */
  String dim(Dim dim) {
    return dimensions.text(dim);
  }

  /** The largest level: the walk in which stores happen. */
  int lastLevel() {
    return IntStream.of(level).max().orElse(0);
  }

  boolean isUniform(int instruction) {
    return uniform[instruction];
  }

  /** The folds of a level. */
  List<Integer> folds(int ofLevel) {
    return indices(i -> level[i] == ofLevel && kernel.body().get(i) instanceof Instruction.Reduce);
  }

  /** The stores that happen at each point. */
  List<Integer> pointStores() {
    return indices(i -> !isRowStore(i) && kernel.body().get(i) instanceof Instruction.Store);
  }

  /** The stores that happen once per row. */
  List<Integer> rowStores() {
    return indices(i -> isRowStore(i) && kernel.body().get(i) instanceof Instruction.Store);
  }

  private boolean isRowStore(int i) {
    return kernel.isRow() && uniform[i];
  }

  private List<Integer> indices(IntPredicate wanted) {
    return IntStream.range(0, level.length).filter(wanted).boxed().toList();
  }

  /**
   * What is the same all along the row and becomes known at {@code ofLevel}: declared once per row.
   */
  String uniformsOf(int ofLevel) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < level.length; i++) {
      boolean declared =
          kernel.body().get(i) instanceof Instruction.Reduce
              || kernel.body().get(i) instanceof Instruction.Store;
      if (uniform[i] && level[i] == ofLevel && !declared) {
        text.append(statement(i));
      }
    }
    return text.toString();
  }

  /**
   * The statements for {@code wanted} (stores, or operands of folds), of what varies along the row.
   */
  String statements(List<Integer> wanted) {
    return statements(wanted, false);
  }

  /**
   * As {@link #statements}, with what is the same all along the row as well; folds count as known.
   */
  String statementsWithUniforms(List<Integer> wanted) {
    return statements(wanted, true);
  }

  private String statements(List<Integer> wanted, boolean withUniforms) {
    BitSet needed = new BitSet();
    wanted.forEach(needed::set);
    List<String> lines = new ArrayList<>();
    for (int i = level.length - 1; i >= 0; i--) {
      Instruction instruction = kernel.body().get(i);
      boolean known =
          instruction instanceof Instruction.Reduce
              || (kernel.isRow()
                  && uniform[i]
                  && !withUniforms
                  && !(instruction instanceof Instruction.Store));
      if (needed.get(i) && !known) {
        lines.addFirst(statement(i));
        instruction.operands().forEach(needed::set);
      }
    }
    return String.join("", lines);
  }

  /** {@code accumulator = accumulator op value} of a fold with lanes. */
  String fold(Instruction.Reduce fold, String accumulator, String value) {
    String step =
        primitives.apply(fold.reduction().primitive(), fold.type(), List.of(accumulator, value));
    return accumulator + " = " + step + ";\n";
  }

  /** {@code accumulator = fma(a, b, accumulator)}; of integers, with wrapping. */
  String foldProduct(Instruction.Reduce fold, String accumulator) {
    String a = "v" + fold.operands().get(0);
    String b = "v" + fold.operands().get(1);
    if (fold.type().isFloat()) {
      return "%3$s = fma(%1$s, %2$s, %3$s);\n".formatted(a, b, accumulator);
    }
    String unsigned = "u" + OpenClElements.type(fold.type());
    return "%3$s = (%5$s)((%4$s)%1$s * (%4$s)%2$s + (%4$s)%3$s);\n"
        .formatted(a, b, accumulator, unsigned, OpenClElements.type(fold.type()));
  }

  private String statement(int i) {
    Instruction instruction = kernel.body().get(i);
    String declaration = "const " + OpenClElements.type(instruction.type()) + " v" + i + " = ";
    return switch (instruction) {
      case Instruction.Load load -> {
        String value = load(load.access(), address(load.access()));
        boolean always = load.mask() == Instruction.ALWAYS;
        yield declaration + (always ? value : "v" + load.mask() + " ? " + value + " : 0") + ";\n";
      }
      case Instruction.LoadAt load -> {
        String index = "v" + load.index();
        String inside =
            "const int inside%d = (ulong)%s < (ulong)%s;\n".formatted(i, index, dim(load.extent()));
        String address = address(load.access()) + " + " + index + " * " + dim(load.stride());
        yield inside
            + "outside |= !inside%d;\n".formatted(i)
            + declaration
            + "inside%d ? %s : 0;\n".formatted(i, load(load.access(), address));
      }
      case Instruction.Constant constant ->
          declaration + constant(constant.type(), constant.bits()) + ";\n";
      case Instruction.Index index -> declaration + "i" + index.axis() + ";\n";
      case Instruction.Extent extent -> declaration + dim(extent.dim()) + ";\n";
      case Instruction.Compute compute -> {
        ScalarType type = kernel.body().get(compute.operands().getLast()).type();
        List<String> operands = compute.operands().stream().map(operand -> "v" + operand).toList();
        yield declaration + primitives.apply(compute.op(), type, operands) + ";\n";
      }
      case Instruction.Store store -> {
        Access access = store.access();
        String guard = store.mask() == Instruction.ALWAYS ? "" : "if (v" + store.mask() + ") ";
        yield guard
            + OpenClElements.store(
                kernel.parameters().get(access.parameter()).dtype(),
                "p" + access.parameter(),
                address(access),
                "v" + store.value())
            + "\n";
      }
      case Instruction.Reduce _ ->
          throw new IllegalStateException("a fold is the schedule's to write");
    };
  }

  private String load(Access access, String address) {
    return OpenClElements.load(
        kernel.parameters().get(access.parameter()).dtype(), "p" + access.parameter(), address);
  }

  private String address(Access access) {
    List<String> terms = new ArrayList<>();
    if (!access.offset().is(0)) {
      terms.add(dim(access.offset()));
    }
    for (int axis = 0; axis < access.strides().size(); axis++) {
      Dim stride = access.strides().get(axis);
      if (!stride.is(0)) {
        terms.add(stride.is(1) ? "i" + axis : "i" + axis + " * " + dim(stride));
      }
    }
    return terms.isEmpty() ? "0" : String.join(" + ", terms);
  }

  /**
   * A constant by its bits, so that no digit is lost and NaN and infinity need no word of their
   * own.
   */
  static String constant(ScalarType type, long bits) {
    return switch (type) {
      case F32 -> "as_float(0x%08Xu)".formatted((int) bits);
      case F64 -> "as_double(0x%016XUL)".formatted(bits);
      case I32, BOOL -> "(int)0x%08Xu".formatted((int) bits);
      case I64 -> "(long)0x%016XUL".formatted(bits);
    };
  }

  /** True where a load's place is data, so that a launch can meet an index outside its axis. */
  boolean hasIndexedLoads() {
    return kernel.body().stream().anyMatch(Instruction.LoadAt.class::isInstance);
  }

  /** True where two elements of an output share a byte. */
  boolean hasPackedOutputs() {
    return kernel.parameters().stream().anyMatch(p -> p.output() && p.dtype().bits() < 8);
  }

  /** True where the body computes in doubles. */
  boolean usesDouble() {
    return kernel.body().stream().anyMatch(i -> i.type() == ScalarType.F64);
  }

  /**
   * Declares the coordinates of axes {@code from} to {@code to} (excluded) of the point {@code
   * index} (C text).
   */
  String coordinates(String index, int from, int to) {
    if (from == to) {
      return "";
    }
    StringBuilder text = new StringBuilder("long rest = " + index + ";\n");
    for (int axis = to - 1; axis > from; axis--) {
      String extent = dim(kernel.domain().get(axis));
      text.append("const long i%1$d = rest %% %2$s; rest /= %2$s;\n".formatted(axis, extent));
    }
    return text.append("const long i%d = rest;\n".formatted(from)).toString();
  }

  /** Declares the coordinates of the row axes of element {@code e}. */
  String rowCoordinates() {
    return coordinates("e", kernel.outerRank(), kernel.domain().size());
  }

  /** Declares {@code n}, the elements of a row. */
  String rowLength() {
    return "const long n = %s;\n"
        .formatted(dim(product(kernel.outerRank(), kernel.domain().size())));
  }

  /** The product of the extents of axes {@code from} to {@code to} (excluded). */
  Dim product(int from, int to) {
    Dim product = Dim.ONE;
    for (Dim extent : kernel.domain().subList(from, to)) {
      product = product.times(extent);
    }
    return product;
  }

  Instruction.Reduce fold(int instruction) {
    return (Instruction.Reduce) kernel.body().get(instruction);
  }

  /** The C type of a fold's result. */
  String foldType(int instruction) {
    return OpenClElements.type(fold(instruction).type());
  }

  /** Where a fold with lanes starts, as C text. */
  String identity(int instruction) {
    Instruction.Reduce fold = fold(instruction);
    return constant(fold.type(), fold.reduction().identity(fold.type()));
  }

  /** The folds of a level that have lanes. */
  List<Integer> laneFolds(int ofLevel) {
    return folds(ofLevel).stream().filter(f -> fold(f).reduction() != Reduction.FMA).toList();
  }

  /** The folds of a level that run through the row in one accumulator. */
  List<Integer> sequentialFolds(int ofLevel) {
    return folds(ofLevel).stream().filter(f -> fold(f).reduction() == Reduction.FMA).toList();
  }

  /** What folds read at each element: all but the initial value of a sequential one. */
  List<Integer> operands(List<Integer> folds) {
    List<Integer> operands = new ArrayList<>();
    for (int f : folds) {
      List<Integer> all = fold(f).operands();
      operands.addAll(fold(f).reduction() == Reduction.FMA ? all.subList(0, 2) : all);
    }
    return operands;
  }

  /** A row whose folds are all sequential, and known at once: its rows can advance side by side. */
  boolean isSequentialRow() {
    boolean anyLanes = !IntStream.rangeClosed(0, lastLevel()).allMatch(l -> laneFolds(l).isEmpty());
    return kernel.isRow() && !anyLanes && lastLevel() == 1 && pointStores().isEmpty();
  }

  /** The folds of all levels before {@code ofLevel}. */
  List<Integer> foldsBefore(int ofLevel) {
    return indices(i -> level[i] < ofLevel && kernel.body().get(i) instanceof Instruction.Reduce);
  }
}
