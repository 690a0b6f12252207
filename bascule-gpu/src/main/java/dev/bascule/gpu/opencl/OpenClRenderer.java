package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.gpu.KernelAxes;
import dev.bascule.gpu.opencl.RenderedKernel.Schedule;
import java.util.ArrayList;
import java.util.List;

/**
 * Map and Row kernels as OpenCL C, in one of two ways.
 *
 * <p>For CPU devices a work item takes a range of rows or points and walks them in plain loops
 * without barriers, which the driver's compiler turns into vector instructions: a fold with lanes
 * walks blocks of 32 elements, one lane each; sequential folds advance side by side for 32
 * neighbouring rows. For GPUs a work item takes a point, or 32 share a row and fold their lanes
 * through local memory. The order of every sum is the kernel IR's, so both give the same bits.
 */
final class OpenClRenderer {
  private static final int LANES = Reduction.LANES;

  /** Points that a work item of a CPU device takes at a time. */
  private static final int BLOCK = 4096;

  /** Rows whose sequential folds advance side by side on a CPU device: two or four vectors. */
  private static final int TILE = 32;

  /**
   * The accesses of different points do not meet (the kernel IR says so), so the loop may be
   * vectorised without checks.
   */
  private static final String INDEPENDENT = "#pragma clang loop vectorize(assume_safety)\n";

  private final OpenClBody body;
  private final Kernel kernel;
  private final boolean forCpu;
  private final int outer;
  private final int rank;

  private OpenClRenderer(OpenClBody body, boolean forCpu) {
    this.body = body;
    this.kernel = body.kernel();
    this.forCpu = forCpu;
    this.outer = kernel.outerRank();
    this.rank = kernel.domain().size();
  }

  /** Renders {@code kernel} for a CPU device or for a GPU. */
  static RenderedKernel render(Kernel kernel, boolean forCpu, boolean divideThroughDouble) {
    OpenClBody body =
        new OpenClBody(KernelAxes.collapse(kernel), new OpenClPrimitives(divideThroughDouble));
    boolean alone = body.hasPackedOutputs();
    return new OpenClRenderer(body, forCpu || alone).render(alone);
  }

  private RenderedKernel render(boolean alone) {
    boolean sequential = kernel.isRow() && hasOnlySequentialFolds();
    String loops;
    Schedule schedule;
    Dim units = product(0, outer);
    if (forCpu) {
      schedule = alone ? Schedule.ALONE : Schedule.RANGES;
      if (!kernel.isRow()) {
        units = rank == 0 ? Dim.ONE : product(0, rank - 1).times(blocks(rank - 1, BLOCK));
        loops = alone ? pointRange("") : pointRange(INDEPENDENT);
      } else if (sequential && outer > 0 && !alone) {
        units = product(0, outer - 1).times(blocks(outer - 1, TILE));
        loops = tileRange();
      } else {
        loops = rowRange(alone ? "" : INDEPENDENT);
      }
    } else if (!kernel.isRow() || sequential) {
      schedule = Schedule.INTERLEAVED;
      loops = kernel.isRow() ? oneRowEach() : onePointEach();
    } else {
      schedule = Schedule.LANES;
      loops = lanesRow();
    }
    String entry = "bascule_" + kernel.name().replaceAll("[^A-Za-z0-9]", "_");
    String source = source(entry, schedule, units, loops);
    return new RenderedKernel(
        source,
        entry,
        body.dimensions(),
        units,
        schedule,
        body.hasIndexedLoads(),
        body.usesDouble());
  }

  private boolean hasOnlySequentialFolds() {
    for (Instruction instruction : kernel.body()) {
      if (instruction instanceof Instruction.Reduce fold && fold.reduction() != Reduction.FMA) {
        return false;
      }
    }
    return body.lastLevel() == 1 && body.pointStores().isEmpty();
  }

  // CPU devices

  /** Units are blocks of the last axis. */
  private String pointRange(String pragma) {
    String stores = body.statements(body.pointStores());
    if (rank == 0) {
      return "for (long u = first; u < last; u++) {\n" + stores + "}\n";
    }
    String i = "i" + (rank - 1);
    String n = body.dim(kernel.domain().getLast());
    return rangeOfUnits(
        "const long block = u %% %s;\n".formatted(body.dim(blocks(rank - 1, BLOCK)))
            + coordinates("u / " + body.dim(blocks(rank - 1, BLOCK)), 0, rank - 1)
            + "const long to = min(block * %d + %d, %s);\n".formatted(BLOCK, BLOCK, n)
            + pragma
            + "for (long %1$s = block * %2$d; %1$s < to; %1$s++) {\n%3$s}\n"
                .formatted(i, BLOCK, stores));
  }

  /** Units are rows. */
  private String rowRange(String pragma) {
    StringBuilder row = new StringBuilder(coordinates("u", 0, outer));
    row.append("const long n = ").append(body.extent(outer, rank)).append(";\n");
    for (int level = 0; level <= body.lastLevel(); level++) {
      row.append(body.uniformsOf(level));
      row.append(blockwiseFolds(level));
      row.append(sequentialFolds(level));
    }
    row.append(elementLoop(body.pointStores(), pragma));
    row.append(body.statements(body.rowStores()));
    return rangeOfUnits(row.toString());
  }

  private String rangeOfUnits(String unit) {
    return "for (long u = first; u < last; u++) {\n" + unit + "}\n";
  }

  /** The folds with lanes: whole blocks of 32 elements, then the rest, then the halves. */
  private String blockwiseFolds(int level) {
    List<Integer> folds = laneFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder halves = new StringBuilder();
    StringBuilder results = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = fold(f);
      String identity = OpenClBody.constant(fold.type(), fold.reduction().identity(fold.type()));
      text.append("%s a%d[%d];\n".formatted(OpenClElements.type(fold.type()), f, LANES));
      text.append("for (int j = 0; j < %d; j++) a%d[j] = %s;\n".formatted(LANES, f, identity));
      step.append(body.fold(fold, "a%d[j]".formatted(f), "v" + fold.operands().getFirst()));
      halves.append(body.fold(fold, "a%d[j]".formatted(f), "a%d[j + h]".formatted(f)));
      results.append("const %s v%d = a%d[0];\n".formatted(OpenClElements.type(fold.type()), f, f));
    }
    String element =
        "const long e = b + j;\n" + rowCoordinates() + body.statements(operands(folds)) + step;
    return text
        + "{\nlong b = 0;\n"
        + "for (; b + %d <= n; b += %d) {\n%sfor (int j = 0; j < %d; j++) {\n%s}\n}\n"
            .formatted(LANES, LANES, INDEPENDENT, LANES, element)
        + "for (int j = 0; b + j < n; j++) {\n%s}\n}\n".formatted(element)
        + "for (int h = %d; h > 0; h >>= 1) for (int j = 0; j < h; j++) {\n%s}\n"
            .formatted(LANES / 2, halves)
        + results;
  }

  /** The sequential folds, one after the other along the row. */
  private String sequentialFolds(int level) {
    StringBuilder text = new StringBuilder();
    for (int f : body.folds(level)) {
      Instruction.Reduce fold = fold(f);
      if (fold.reduction() == Reduction.FMA) {
        text.append(
            "%s v%d = v%d;\n"
                .formatted(OpenClElements.type(fold.type()), f, fold.operands().get(2)));
        text.append("for (long e = 0; e < n; e++) {\n").append(rowCoordinates());
        text.append(body.statements(operands(List.of(f))))
            .append(body.foldProduct(fold, "v" + f))
            .append("}\n");
      }
    }
    return text.toString();
  }

  private String elementLoop(List<Integer> stores, String pragma) {
    return stores.isEmpty()
        ? ""
        : pragma
            + "for (long e = 0; e < n; e++) {\n"
            + rowCoordinates()
            + body.statements(stores)
            + "}\n";
  }

  /**
   * Units are tiles of rows, neighbours along the last outer axis, whose sequential folds advance
   * side by side.
   */
  private String tileRange() {
    int axis = outer - 1;
    String tiles = body.dim(blocks(axis, TILE));
    String extent = body.dim(kernel.domain().get(axis));
    String whole = tile(Integer.toString(TILE));
    String part = tile("rows");
    return rangeOfUnits(
        coordinates("u / " + tiles, 0, axis)
            + "const long base = u %% %s * %d;\n".formatted(tiles, TILE)
            + "const int rows = (int)min(%s - base, (long)%d);\n".formatted(extent, TILE)
            + "const long n = %s;\n".formatted(body.extent(outer, rank))
            + "if (rows == %d) {\n%s} else {\n%s}\n".formatted(TILE, whole, part));
  }

  private String tile(String rows) {
    List<Integer> folds = body.folds(0);
    StringBuilder declare = new StringBuilder();
    StringBuilder begin = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder known = new StringBuilder();
    List<Integer> initial = new ArrayList<>();
    List<Integer> factors = new ArrayList<>();
    for (int f : folds) {
      Instruction.Reduce fold = fold(f);
      String type = OpenClElements.type(fold.type());
      declare.append("%s a%d[%d];\n".formatted(type, f, TILE));
      begin.append("a%d[t] = v%d;\n".formatted(f, fold.operands().get(2)));
      step.append(body.foldProduct(fold, "a%d[t]".formatted(f)));
      known.append("const %s v%d = a%d[t];\n".formatted(type, f, f));
      initial.add(fold.operands().get(2));
      factors.addAll(fold.operands().subList(0, 2));
    }
    String loop =
        INDEPENDENT
            + "for (int t = 0; t < %s; t++) {\nconst long i%d = base + t;\n"
                .formatted(rows, outer - 1);
    return declare
        + loop
        + body.statementsWithUniforms(initial)
        + begin
        + "}\nfor (long e = 0; e < n; e++) {\n"
        + rowCoordinates()
        + loop
        + body.statementsWithUniforms(factors)
        + step
        + "}\n}\n"
        + loop
        + known
        + body.statementsWithUniforms(body.rowStores())
        + "}\n";
  }

  // GPUs

  private String onePointEach() {
    return interleaved(coordinates("u", 0, rank) + body.statements(body.pointStores()));
  }

  private String oneRowEach() {
    return interleaved(
        coordinates("u", 0, outer)
            + "const long n = %s;\n".formatted(body.extent(outer, rank))
            + body.uniformsOf(0)
            + sequentialFolds(0)
            + body.uniformsOf(1)
            + body.statements(body.rowStores()));
  }

  private static String interleaved(String unit) {
    return "for (long u = get_global_id(0); u < units; u += get_global_size(0)) {\n" + unit + "}\n";
  }

  /**
   * 32 work items per row; a sequential fold is computed by all of them, so that each knows its
   * result.
   */
  private String lanesRow() {
    StringBuilder locals = new StringBuilder();
    StringBuilder row = new StringBuilder(coordinates("u", 0, outer));
    row.append("const long n = ").append(body.extent(outer, rank)).append(";\n");
    for (int level = 0; level <= body.lastLevel(); level++) {
      row.append(body.uniformsOf(level));
      for (int f : laneFolds(level)) {
        locals.append(
            "local %s t%d[%d];\n".formatted(OpenClElements.type(fold(f).type()), f, LANES));
      }
      row.append(lanesFolds(level));
      row.append(sequentialFolds(level));
    }
    // All lanes have read what an operation in place now overwrites.
    row.append("barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n");
    if (!body.pointStores().isEmpty()) {
      row.append(laneLoop(body.statements(body.pointStores())));
    }
    if (!body.rowStores().isEmpty()) {
      row.append("if (lane == 0) {\n").append(body.statements(body.rowStores())).append("}\n");
    }
    return locals
        + "const int lane = get_local_id(0);\n"
        + "for (long u = get_group_id(0); u < units; u += get_num_groups(0)) {\n"
        + row
        + "}\n";
  }

  private String laneLoop(String element) {
    return "for (long e = lane; e < n; e += %d) {\n%s%s}\n"
        .formatted(LANES, rowCoordinates(), element);
  }

  private String lanesFolds(int level) {
    List<Integer> folds = laneFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder publish = new StringBuilder();
    StringBuilder halves = new StringBuilder();
    StringBuilder results = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = fold(f);
      String type = OpenClElements.type(fold.type());
      String identity = OpenClBody.constant(fold.type(), fold.reduction().identity(fold.type()));
      text.append("%s a%d = %s;\n".formatted(type, f, identity));
      step.append(body.fold(fold, "a" + f, "v" + fold.operands().getFirst()));
      publish.append("t%d[lane] = a%d;\n".formatted(f, f));
      halves.append(body.fold(fold, "t%d[lane]".formatted(f), "t%d[lane + h]".formatted(f)));
      results.append("const %s v%d = t%d[0];\n".formatted(type, f, f));
    }
    String barrier = "barrier(CLK_LOCAL_MEM_FENCE);\n";
    return text
        + laneLoop(body.statements(operands(folds)) + step)
        + barrier
        + publish
        + barrier
        + "for (int h = %d; h > 0; h >>= 1) {\nif (lane < h) {\n%s}\n%s}\n"
            .formatted(LANES / 2, halves, barrier)
        + results;
  }

  // Both

  private String source(String entry, Schedule schedule, Dim units, String loops) {
    String count = body.dim(units);
    StringBuilder parameters = new StringBuilder();
    StringBuilder pointers = new StringBuilder();
    for (int p = 0; p < kernel.parameters().size(); p++) {
      Kernel.Parameter parameter = kernel.parameters().get(p);
      String access = parameter.output() ? "global " : "global const ";
      String type = access + OpenClElements.element(parameter.dtype()) + " *";
      parameters.append("global uchar *q%d, long o%d, ".formatted(p, p));
      pointers.append("%sp%d = (%s)(q%d + o%d);\n".formatted(type, p, type, p, p));
    }
    for (int d = 0; d < body.dimensions().size(); d++) {
      parameters.append("long d%d, ".formatted(d));
    }
    boolean indexed = body.hasIndexedLoads();
    if (indexed) {
      parameters.append("global int *status, int slot, ");
    }
    String range =
        forCpu
            ? """
            const long g = get_global_id(0), items = get_global_size(0);
            const long first = units * g / items, last = units * (g + 1) / items;
            """
            : "";
    String text =
        "kernel __attribute__((reqd_work_group_size(%d, 1, 1)))\nvoid %s(%s) {\n"
                .formatted(
                    schedule.groupItems(),
                    entry,
                    parameters.substring(0, Math.max(0, parameters.length() - 2)))
            + pointers
            + "const long units = %s;\n".formatted(count)
            + range
            + (indexed ? "int outside = 0;\n" : "")
            + loops
            + (indexed ? "if (outside) status[slot] = 1;\n" : "")
            + "}\n";
    return (body.usesDouble() || text.contains("double")
            ? "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
            : "")
        + "#pragma OPENCL FP_CONTRACT OFF\n"
        + OpenClPrelude.of(text)
        + text;
  }

  /**
   * Declares the coordinates of axes {@code from} to {@code to} (excluded) of the unit {@code
   * index} (C text).
   */
  private String coordinates(String index, int from, int to) {
    if (from == to) {
      return "";
    }
    StringBuilder text = new StringBuilder("long rest = " + index + ";\n");
    for (int axis = to - 1; axis > from; axis--) {
      String extent = body.dim(kernel.domain().get(axis));
      text.append("const long i%1$d = rest %% %2$s; rest /= %2$s;\n".formatted(axis, extent));
    }
    return text.append("const long i%d = rest;\n".formatted(from)).toString();
  }

  /** Declares the coordinates of the row axes of element {@code e}. */
  private String rowCoordinates() {
    return coordinates("e", outer, rank);
  }

  private List<Integer> laneFolds(int level) {
    return body.folds(level).stream().filter(f -> fold(f).reduction() != Reduction.FMA).toList();
  }

  private Instruction.Reduce fold(int instruction) {
    return (Instruction.Reduce) kernel.body().get(instruction);
  }

  /** What folds read at each element: all but the initial value of a sequential one. */
  private List<Integer> operands(List<Integer> folds) {
    List<Integer> operands = new ArrayList<>();
    for (int f : folds) {
      List<Integer> all = fold(f).operands();
      operands.addAll(fold(f).reduction() == Reduction.FMA ? all.subList(0, 2) : all);
    }
    return operands;
  }

  private Dim product(int from, int to) {
    Dim product = Dim.ONE;
    for (Dim extent : kernel.domain().subList(from, to)) {
      product = product.times(extent);
    }
    return product;
  }

  private Dim blocks(int axis, int size) {
    return kernel.domain().get(axis).ceilDiv(Dim.of(size));
  }
}
