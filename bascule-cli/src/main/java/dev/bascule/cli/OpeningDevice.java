package dev.bascule.cli;

import dev.bascule.core.device.Device;
import java.util.function.Supplier;

/** A device that is opened while a model's graph is made. */
final class OpeningDevice implements Supplier<Device>, AutoCloseable {
  private final Ahead<Device> device;

  OpeningDevice(Main main) {
    this.device = new Ahead<>("device", main::openDevice);
  }

  /** The device, waited for; why it cannot be opened is thrown here. */
  @Override
  public Device get() {
    return device.get();
  }

  @Override
  public void close() {
    device.whenThere(Device::close);
  }
}
