package dev.bascule.core;

/**
 * A device that is absent, refused or failed; the message names the device, the call and the
 * remedy.
 */
public class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message) {
    super(message);
  }

  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
