package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import java.util.List;

/**
 * The loops of a kernel for CPU devices: a work item has a range of units and walks them without
 * barriers, in loops that the driver's compiler turns into vector instructions.
 *
 * <p>A map walks blocks of its last axis. A row walks blocks of 32 elements, one for each lane of
 * its folds. Rows whose neighbours lie side by side in memory - sums over columns, matrix products
 * - advance 32 at a time, so that a vector holds the same element of different rows; each row's own
 * order stays.
 */
final class OpenClCpuLoops {
  private static final int LANES = Reduction.LANES;

  /** Points that a work item takes at a time. */
  private static final int BLOCK = 4096;

  /** Rows that advance side by side: two or four vectors. */
  private static final int TILE = 32;

  /**
   * Different points never meet in memory (the kernel IR says so): the loop may be vectorised
   * without looking.
   */
  private static final String SAFE = "#pragma clang loop vectorize(assume_safety)\n";

  /**
   * With loads under a condition it may not: the compiler would take them for safe everywhere,
   * conclude that the loop never reaches where they are not, and drop its end.
   */
  private static final String CHECKED = "#pragma clang loop vectorize(enable)\n";

  private final String independent;
  private final OpenClBody body;
  private final Kernel kernel;
  private final boolean packed;
  private final int outer;
  private final int rank;

  OpenClCpuLoops(OpenClBody body) {
    this.body = body;
    this.kernel = body.kernel();
    this.independent = kernel.body().stream().anyMatch(OpenClCpuLoops::isMasked) ? CHECKED : SAFE;
    this.packed = body.hasPackedOutputs();
    this.outer = kernel.outerRank();
    this.rank = kernel.domain().size();
  }

  private static boolean isMasked(Instruction step) {
    return switch (step) {
      case Instruction.Load load -> load.mask() != Instruction.ALWAYS;
      case Instruction.Store store -> store.mask() != Instruction.ALWAYS;
      default -> false;
    };
  }

  /** How many pieces of work there are. */
  Dim units() {
    if (isTiled()) {
      return body.product(0, outer - 1).times(blocks(outer - 1, TILE));
    }
    if (kernel.isRow() || rank == 0) {
      return body.product(0, outer);
    }
    return body.product(0, rank - 1).times(blocks(rank - 1, BLOCK));
  }

  /** The loops over this work item's units, {@code first} to {@code last} (excluded). */
  String text() {
    String unit = kernel.isRow() ? isTiled() ? tile() : row() : points();
    return "for (long u = first; u < last; u++) {\n" + unit + "}\n";
  }

  private Dim blocks(int axis, int size) {
    return kernel.domain().get(axis).ceilDiv(Dim.of(size));
  }

  private String points() {
    String stores = body.statements(body.pointStores());
    if (rank == 0) {
      return stores;
    }
    int axis = rank - 1;
    String blocks = body.dim(blocks(axis, BLOCK));
    return "const long from = u %% %s * %d;\n".formatted(blocks, BLOCK)
        + "const long to = min(from + %d, %s);\n"
            .formatted(BLOCK, body.dim(kernel.domain().get(axis)))
        + body.coordinates("u / " + blocks, 0, axis)
        + independent()
        + "for (long i%1$d = from; i%1$d < to; i%1$d++) {\n%2$s}\n".formatted(axis, stores);
  }

  /** Elements of a packed output share bytes, and are written one after the other. */
  private String independent() {
    return packed ? "" : independent;
  }

  // One row at a time

  private String row() {
    StringBuilder text =
        new StringBuilder(body.coordinates("u", 0, outer)).append(body.rowLength());
    for (int level = 0; level <= body.lastLevel(); level++) {
      text.append(body.uniformsOf(level));
      text.append(laneFolds(level));
      for (int f : body.sequentialFolds(level)) {
        text.append(sequentialFold(body, f));
      }
    }
    if (!body.pointStores().isEmpty()) {
      text.append(independent()).append("for (long e = 0; e < n; e++) {\n");
      text.append(body.rowCoordinates()).append(body.statements(body.pointStores())).append("}\n");
    }
    return text.append(body.statements(body.rowStores())).toString();
  }

  /** Whole blocks of 32 elements, then the rest, then the halves. */
  private String laneFolds(int level) {
    List<Integer> folds = body.laneFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder declare = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder halves = new StringBuilder();
    StringBuilder results = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = body.fold(f);
      declare.append("%s a%d[%d];\n".formatted(body.foldType(f), f, LANES));
      declare.append(
          "for (int j = 0; j < %d; j++) a%d[j] = %s;\n".formatted(LANES, f, body.identity(f)));
      step.append(body.fold(fold, "a%d[j]".formatted(f), "v" + fold.operands().getFirst()));
      halves.append(body.fold(fold, "a%d[j]".formatted(f), "a%d[j + h]".formatted(f)));
      results.append("const %s v%d = a%d[0];\n".formatted(body.foldType(f), f, f));
    }
    String element =
        "const long e = b + j;\n"
            + body.rowCoordinates()
            + body.statements(body.operands(folds))
            + step;
    return declare
        + "{\nlong b = 0;\n"
        + "for (; b + %1$d <= n; b += %1$d) {\n".formatted(LANES)
        + independent
        + "for (int j = 0; j < %d; j++) {\n%s}\n}\n".formatted(LANES, element)
        + "for (int j = 0; b + j < n; j++) {\n%s}\n}\n".formatted(element)
        + "for (int h = %d; h > 0; h >>= 1) for (int j = 0; j < h; j++) {\n%s}\n"
            .formatted(LANES / 2, halves)
        + results;
  }

  /** One accumulator along the row. */
  static String sequentialFold(OpenClBody body, int f) {
    return "%s v%d = v%d;\n".formatted(body.foldType(f), f, body.fold(f).operands().get(2))
        + "for (long e = 0; e < n; e++) {\n"
        + body.rowCoordinates()
        + body.statements(body.operands(List.of(f)))
        + body.foldProduct(body.fold(f), "v" + f)
        + "}\n";
  }

  // Rows side by side

  private boolean isTiled() {
    return kernel.isRow()
        && outer > 0
        && !packed
        && (body.isSequentialRow() || neighboursLieSideBySide());
  }

  /** True where rows are contiguous across, and none along. */
  private boolean neighboursLieSideBySide() {
    boolean across = false;
    for (Instruction instruction : kernel.body()) {
      if (instruction instanceof Instruction.Load load && !isRowUniform(load.access())) {
        if (load.access().strides().get(rank - 1).is(1)) {
          return false;
        }
        across |= load.access().strides().get(outer - 1).is(1);
      }
    }
    return across;
  }

  private boolean isRowUniform(Access access) {
    return access.strides().subList(outer, rank).stream().allMatch(stride -> stride.is(0));
  }

  private String tile() {
    String tiles = body.dim(blocks(outer - 1, TILE));
    String extent = body.dim(kernel.domain().get(outer - 1));
    return body.coordinates("u / " + tiles, 0, outer - 1)
        + "const long base = u %% %s * %d;\n".formatted(tiles, TILE)
        + "const int rows = (int)min(%s - base, (long)%d);\n".formatted(extent, TILE)
        + body.rowLength()
        + "if (rows == %d) {\n%s} else {\n%s}\n"
            .formatted(TILE, rows(Integer.toString(TILE)), rows("rows"));
  }

  /** The rows of a tile; {@code count} is C text, and a literal where the compiler may unroll. */
  private String rows(String count) {
    StringBuilder text = new StringBuilder();
    for (int level = 0; level <= body.lastLevel(); level++) {
      text.append(tiledLaneFolds(level, count)).append(tiledSequentialFolds(level, count));
    }
    int last = body.lastLevel();
    if (!body.pointStores().isEmpty()) {
      text.append("for (long e = 0; e < n; e++) {\n").append(body.rowCoordinates());
      text.append(acrossRows(count, last, body.statementsWithUniforms(body.pointStores())))
          .append("}\n");
    }
    if (!body.rowStores().isEmpty()) {
      text.append(acrossRows(count, last, body.statementsWithUniforms(body.rowStores())));
    }
    return text.toString();
  }

  /** {@code statements} for each row of the tile, which know the folds of the levels before. */
  private String acrossRows(String count, int level, String statements) {
    StringBuilder known = new StringBuilder();
    for (int f : body.foldsBefore(level)) {
      known.append("const %s v%d = a%d[t];\n".formatted(body.foldType(f), f, f));
    }
    return independent
        + "for (int t = 0; t < %s; t++) {\n".formatted(count)
        + "const long i%d = base + t;\n".formatted(outer - 1)
        + known
        + statements
        + "}\n";
  }

  /** Lane j of row t is {@code a[j * TILE + t]}, so that the result of row t is {@code a[t]}. */
  private String tiledLaneFolds(int level, String count) {
    List<Integer> folds = body.laneFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder declare = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder halves = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = body.fold(f);
      declare.append("%s a%d[%d];\n".formatted(body.foldType(f), f, LANES * TILE));
      declare.append(
          "for (int j = 0; j < %d; j++) a%d[j] = %s;\n"
              .formatted(LANES * TILE, f, body.identity(f)));
      step.append(body.fold(fold, "a%d[lane + t]".formatted(f), "v" + fold.operands().getFirst()));
      halves.append(body.fold(fold, "a%d[j]".formatted(f), "a%d[j + h]".formatted(f)));
    }
    return declare
        + "for (long e = 0; e < n; e++) {\n"
        + "const int lane = (int)(e %% %d) * %d;\n".formatted(LANES, TILE)
        + body.rowCoordinates()
        + acrossRows(count, level, body.statementsWithUniforms(body.operands(folds)) + step)
        + "}\n"
        + "for (int h = %d; h >= %d; h >>= 1) for (int j = 0; j < h; j++) {\n%s}\n"
            .formatted(LANES / 2 * TILE, TILE, halves);
  }

  private String tiledSequentialFolds(int level, String count) {
    List<Integer> folds = body.sequentialFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder declare = new StringBuilder();
    StringBuilder begin = new StringBuilder();
    StringBuilder step = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = body.fold(f);
      declare.append("%s a%d[%d];\n".formatted(body.foldType(f), f, TILE));
      begin.append("a%d[t] = v%d;\n".formatted(f, fold.operands().get(2)));
      step.append(body.foldProduct(fold, "a%d[t]".formatted(f)));
    }
    List<Integer> initial = folds.stream().map(f -> body.fold(f).operands().get(2)).toList();
    return declare
        + acrossRows(count, level, body.statementsWithUniforms(initial) + begin)
        + "for (long e = 0; e < n; e++) {\n"
        + body.rowCoordinates()
        + acrossRows(count, level, body.statementsWithUniforms(body.operands(folds)) + step)
        + "}\n";
  }
}
