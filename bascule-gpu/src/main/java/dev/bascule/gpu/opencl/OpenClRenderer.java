package dev.bascule.gpu.opencl;

import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.gpu.KernelAxes;
import dev.bascule.gpu.opencl.RenderedKernel.Schedule;

/**
 * Map and Row kernels as OpenCL C: the body of {@link OpenClBody} in the loops of {@link
 * OpenClCpuLoops} or {@link OpenClGpuLoops}. The order of every sum is the kernel IR's, so that
 * both give the same bits.
 */
final class OpenClRenderer {
  private OpenClRenderer() {}

  /** Renders {@code kernel} for a CPU device or for a GPU. */
  static RenderedKernel render(Kernel kernel, boolean forCpu, boolean divideThroughDouble) {
    OpenClBody body =
        new OpenClBody(KernelAxes.collapse(kernel), new OpenClPrimitives(divideThroughDouble));
    if (forCpu || body.hasPackedOutputs()) {
      OpenClCpuLoops loops = new OpenClCpuLoops(body);
      Schedule schedule = body.hasPackedOutputs() ? Schedule.ALONE : Schedule.RANGES;
      String range =
          """
          const long g = get_global_id(0), items = get_global_size(0);
          const long first = units * g / items, last = units * (g + 1) / items;
          """;
      return render(body, schedule, loops.units(), range + loops.text());
    }
    OpenClGpuLoops loops = new OpenClGpuLoops(body);
    return render(body, loops.schedule(), loops.units(), loops.text());
  }

  private static RenderedKernel render(
      OpenClBody body, Schedule schedule, Dim units, String loops) {
    String entry = body.kernel().isRow() ? "row" : "map"; // no name: equal kernels, equal sources
    boolean indexed = body.hasIndexedLoads();
    String count =
        "const long units = %s;\n".formatted(body.dim(units)); // the last to ask for a dimension
    String function =
        "kernel __attribute__((reqd_work_group_size(%d, 1, 1)))\nvoid %s(%s) {\n"
                .formatted(schedule.groupItems(), entry, parameters(body))
            + pointers(body.kernel())
            + count
            + (indexed ? "int outside = 0;\n" : "")
            + loops
            + (indexed ? "if (outside) status[slot] = 1;\n" : "")
            + "}\n";
    boolean usesDouble = function.contains("double");
    String source =
        (usesDouble ? "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n" : "")
            + "#pragma OPENCL FP_CONTRACT OFF\n"
            + OpenClPrelude.of(function)
            + function;
    return new RenderedKernel(
        source, entry, body.dimensions().dimensions(), units, schedule, indexed, usesDouble);
  }

  private static String parameters(OpenClBody body) {
    StringBuilder text = new StringBuilder();
    for (int p = 0; p < body.kernel().parameters().size(); p++) {
      text.append(", global uchar *q%d, long o%d".formatted(p, p));
    }
    text.append(body.dimensions().declarations());
    if (body.hasIndexedLoads()) {
      text.append(", global int *status, int slot");
    }
    return text.substring(Math.min(2, text.length()));
  }

  private static String pointers(Kernel kernel) {
    StringBuilder text = new StringBuilder();
    for (int p = 0; p < kernel.parameters().size(); p++) {
      Kernel.Parameter parameter = kernel.parameters().get(p);
      String type =
          (parameter.output() ? "global " : "global const ")
              + OpenClElements.element(parameter.dtype())
              + " *";
      text.append("%2$sp%1$d = (%2$s)(q%1$d + o%1$d);\n".formatted(p, type));
    }
    return text.toString();
  }
}
