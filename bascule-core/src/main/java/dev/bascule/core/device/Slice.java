package dev.bascule.core.device;

import dev.bascule.core.DeviceException;

/** A part of a buffer: where an operand lies. */
public record Slice(Buffer buffer, long offsetBytes, long bytes) {
  public Slice {
    if (offsetBytes < 0 || bytes < 0 || offsetBytes > buffer.bytes() - bytes) {
      throw new DeviceException(
          "slice ["
              + offsetBytes
              + ", +"
              + bytes
              + ") lies outside a buffer of "
              + buffer.bytes()
              + " bytes");
    }
  }

  public static Slice of(Buffer buffer) {
    return new Slice(buffer, 0, buffer.bytes());
  }
}
