package dev.bascule.gpu.opencl;

import dev.bascule.core.device.Launch;
import java.util.Optional;

/**
 * A kernel with its arguments set.
 *
 * @param work how it is laid out; empty where there is nothing to compute
 * @param statusArgument where the stream's statuses go in the arguments, or {@link #NOT_INDEXED}
 */
record OpenClLaunch(String name, OpenClKernel kernel, Optional<WorkRange> work, int statusArgument)
    implements Launch {
  static final int NOT_INDEXED = -1;

  @Override
  public void close() {
    kernel.close();
  }
}
