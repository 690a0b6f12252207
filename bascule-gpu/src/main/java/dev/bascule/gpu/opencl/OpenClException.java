package dev.bascule.gpu.opencl;

import dev.bascule.core.DeviceException;

/**
 * An OpenCL function failed: the message names the function, the status and, where known, the
 * remedy.
 */
public final class OpenClException extends DeviceException {
  private static final long serialVersionUID = 1L;

  private final int status;

  OpenClException(String message, int status) {
    super(message);
    this.status = status;
  }

  /** The status that the function gave, as in {@code cl.h}: negative. */
  public int status() {
    return status;
  }
}
