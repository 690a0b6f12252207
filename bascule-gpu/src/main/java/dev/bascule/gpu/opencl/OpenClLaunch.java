package dev.bascule.gpu.opencl;

import dev.bascule.core.device.Launch;
import java.util.List;

/**
 * Kernels with their arguments set, run one after the other; none where there is nothing to
 * compute.
 */
record OpenClLaunch(String name, List<Step> steps) implements Launch {
  OpenClLaunch {
    steps = List.copyOf(steps);
  }

  /**
   * One kernel.
   *
   * @param statusArgument where the stream's statuses go in the arguments, or {@link #NOT_INDEXED}
   */
  record Step(OpenClKernel kernel, WorkRange work, int statusArgument) {
    static final int NOT_INDEXED = -1;
  }

  @Override
  public void close() {
    steps.forEach(step -> step.kernel().close());
  }
}
