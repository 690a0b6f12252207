package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.gpu.opencl.RenderedKernel.Schedule;
import java.util.List;

/**
 * The loops of a kernel for GPUs. A work item takes one point, or one row of sequential folds;
 * neighbours take neighbours, so that their reads fall together. Where a row's folds have lanes, 32
 * work items share it, each the lane of its number, and add the halves through local memory.
 */
final class OpenClGpuLoops {
  private static final int LANES = Reduction.LANES;

  private final OpenClBody body;
  private final Kernel kernel;

  OpenClGpuLoops(OpenClBody body) {
    this.body = body;
    this.kernel = body.kernel();
  }

  Schedule schedule() {
    return kernel.isRow() && !body.isSequentialRow() ? Schedule.LANES : Schedule.INTERLEAVED;
  }

  /** How many pieces of work there are. */
  Dim units() {
    return body.product(0, kernel.outerRank());
  }

  /** The loops over this work item's units. */
  String text() {
    if (schedule() == Schedule.LANES) {
      return laneRows();
    }
    String unit =
        body.coordinates("u", 0, kernel.outerRank())
            + (kernel.isRow() ? sequentialRow() : points());
    return "for (long u = get_global_id(0); u < units; u += get_global_size(0)) {\n" + unit + "}\n";
  }

  private String points() {
    return body.statements(body.pointStores());
  }

  private String sequentialRow() {
    StringBuilder text = new StringBuilder(body.rowLength()).append(body.uniformsOf(0));
    for (int f : body.sequentialFolds(0)) {
      text.append(OpenClCpuLoops.sequentialFold(body, f));
    }
    return text.append(body.uniformsOf(1)).append(body.statements(body.rowStores())).toString();
  }

  /** A sequential fold among lanes is computed by all 32, so that each knows its result. */
  private String laneRows() {
    StringBuilder locals = new StringBuilder();
    StringBuilder row =
        new StringBuilder(body.coordinates("u", 0, kernel.outerRank())).append(body.rowLength());
    for (int level = 0; level <= body.lastLevel(); level++) {
      row.append(body.uniformsOf(level));
      for (int f : body.laneFolds(level)) {
        locals.append("local %s t%d[%d];\n".formatted(body.foldType(f), f, LANES));
      }
      row.append(laneFolds(level));
      for (int f : body.sequentialFolds(level)) {
        row.append(OpenClCpuLoops.sequentialFold(body, f));
      }
    }
    // All lanes have read what an operation in place now overwrites.
    row.append("barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n");
    if (!body.pointStores().isEmpty()) {
      row.append(alongLane(body.statements(body.pointStores())));
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

  private String alongLane(String statements) {
    return "for (long e = lane; e < n; e += %d) {\n%s%s}\n"
        .formatted(LANES, body.rowCoordinates(), statements);
  }

  private String laneFolds(int level) {
    List<Integer> folds = body.laneFolds(level);
    if (folds.isEmpty()) {
      return "";
    }
    StringBuilder declare = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder publish = new StringBuilder();
    StringBuilder halves = new StringBuilder();
    StringBuilder results = new StringBuilder();
    for (int f : folds) {
      Instruction.Reduce fold = body.fold(f);
      declare.append("%s a%d = %s;\n".formatted(body.foldType(f), f, body.identity(f)));
      step.append(body.fold(fold, "a" + f, "v" + fold.operands().getFirst()));
      publish.append("t%d[lane] = a%d;\n".formatted(f, f));
      halves.append(body.fold(fold, "t%d[lane]".formatted(f), "t%d[lane + h]".formatted(f)));
      results.append("const %s v%d = t%d[0];\n".formatted(body.foldType(f), f, f));
    }
    String barrier = "barrier(CLK_LOCAL_MEM_FENCE);\n";
    return declare
        + alongLane(body.statements(body.operands(folds)) + step)
        + barrier
        + publish
        + barrier
        + "for (int h = %d; h > 0; h >>= 1) {\nif (lane < h) {\n%s}\n%s}\n"
            .formatted(LANES / 2, halves, barrier)
        + results;
  }
}
