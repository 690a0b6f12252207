package dev.bascule.certify;

import dev.bascule.core.device.Device;
import java.util.OptionalInt;

/**
 * A device that a certificate is about.
 *
 * @param name what users write, such as {@code cpu:avx2}
 * @param numerics {@code exact} or {@code fast}
 * @param hasThreads whether it runs on as many threads as it is opened with
 */
public record Place(String name, String numerics, boolean hasThreads, Opener opener) {
  /** How numbers are computed where the same bits are promised everywhere. */
  public static final String EXACT = "exact";

  /** Opens the device. */
  public interface Opener {
    /**
     * A new device, which the caller closes.
     *
     * @param threads how many it uses; empty for as many as the user said
     */
    Device open(OptionalInt threads);
  }

  boolean isExact() {
    return numerics.equals(EXACT);
  }

  Device open() {
    return opener.open(OptionalInt.empty());
  }
}
