package dev.bascule.cpu;

import dev.bascule.core.DataException;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Runs each submission before it returns, so its order is the program's and markers are free. */
final class CpuStream implements Stream {
  private record Past() implements Marker {
    @Override
    public void close() {
      // nothing is held
    }
  }

  private final LaunchBudget budget;

  /** The first launch since the last {@link #synchronize} that met an index outside its axis. */
  private @Nullable String faulted;

  CpuStream(LaunchBudget budget) {
    this.budget = budget;
  }

  @Override
  public void upload(MemorySegment from, Slice to) {
    requireEqual("upload", from.byteSize(), to.bytes());
    CpuBuffer.memory(to).copyFrom(from);
  }

  @Override
  public void download(Slice from, MemorySegment to) {
    requireEqual("download", from.bytes(), to.byteSize());
    to.copyFrom(CpuBuffer.memory(from));
  }

  @Override
  public void copy(Slice from, Slice to) {
    requireEqual("copy", from.bytes(), to.bytes());
    CpuBuffer.memory(to).copyFrom(CpuBuffer.memory(from));
  }

  private static void requireEqual(String what, long from, long to) {
    if (from != to) {
      throw new DeviceException(
          "cpu: " + what + " of " + from + " bytes to " + to + " bytes; sizes must be equal");
    }
  }

  @Override
  public void launch(Launch launch) {
    if (!(launch instanceof CpuLaunch work)) {
      throw new DeviceException("cpu: launch \"" + launch.name() + "\" is another device's");
    }
    budget.take(work.name());
    if (work.run() && faulted == null) {
      faulted = work.name();
    }
  }

  @Override
  public Marker record() {
    return new Past();
  }

  @Override
  public void await(Marker marker) {
    if (!(marker instanceof Past)) {
      throw new DeviceException("cpu: await of another device's marker");
    }
  }

  @Override
  public void synchronize() {
    String name = faulted;
    faulted = null;
    if (name != null) {
      throw new DataException(
          "\""
              + name
              + "\": an index is outside its axis; check the indices against the shape they index");
    }
  }

  @Override
  public void close() {
    // nothing is held
  }
}
