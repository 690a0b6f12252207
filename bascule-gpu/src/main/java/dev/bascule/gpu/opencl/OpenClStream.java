package dev.bascule.gpu.opencl;

import dev.bascule.core.DataException;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * An in-order OpenCL queue. Launches that read at data-dependent indices each get a status, which
 * {@link #synchronize} looks at; all others cost nothing there.
 */
final class OpenClStream implements Stream {
  /** Indexed launches between two looks at their statuses. */
  private static final int STATUSES = 1024;

  private final OpenClQueue queue;
  private final OpenClBuffer statuses;
  private final List<String> indexedLaunches = new ArrayList<>();

  OpenClStream(OpenClContext context) {
    this.queue = context.queue();
    this.statuses = context.allocate(STATUSES * Integer.BYTES);
    queue.fill(statuses, (byte) 0, 0, STATUSES * Integer.BYTES);
  }

  @Override
  public void upload(MemorySegment from, Slice to) {
    requireLength("upload", from.byteSize(), to.bytes());
    OpenClBuffer buffer = OpenClMemory.of(to.buffer()).buffer();
    if (from.isNative()) {
      queue.write(buffer, to.offsetBytes(), from);
    } else {
      try (Arena arena = Arena.ofConfined()) {
        queue.write(buffer, to.offsetBytes(), arena.allocate(from.byteSize()).copyFrom(from));
      }
    }
  }

  @Override
  public void download(Slice from, MemorySegment to) {
    requireLength("download", to.byteSize(), from.bytes());
    OpenClBuffer buffer = OpenClMemory.of(from.buffer()).buffer();
    if (to.isNative()) {
      queue.read(buffer, from.offsetBytes(), to);
    } else {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment between = arena.allocate(to.byteSize());
        queue.read(buffer, from.offsetBytes(), between);
        to.copyFrom(between);
      }
    }
    if (from.bytes() == 0) {
      queue.finish();
    }
  }

  @Override
  public void copy(Slice from, Slice to) {
    requireLength("copy", from.bytes(), to.bytes());
    queue.copy(
        OpenClMemory.of(from.buffer()).buffer(),
        from.offsetBytes(),
        OpenClMemory.of(to.buffer()).buffer(),
        to.offsetBytes(),
        from.bytes());
  }

  private static void requireLength(String command, long host, long device) {
    if (host != device) {
      throw new DeviceException(
          "OpenCL " + command + ": " + host + " bytes against " + device + "; they must be equal");
    }
  }

  @Override
  public void launch(Launch launch) {
    if (!(launch instanceof OpenClLaunch bound)) {
      throw new DeviceException(
          "launch " + launch.name() + " was bound for another device than OpenCL");
    }
    for (OpenClLaunch.Step step : bound.steps()) {
      if (step.statusArgument() != OpenClLaunch.Step.NOT_INDEXED) {
        lendStatus(bound.name(), step);
      }
      queue.launch(step.kernel(), step.work());
    }
  }

  private void lendStatus(String launch, OpenClLaunch.Step step) {
    if (indexedLaunches.size() == STATUSES) {
      synchronize();
    }
    step.kernel().argument(step.statusArgument(), statuses);
    step.kernel().argument(step.statusArgument() + 1, indexedLaunches.size());
    indexedLaunches.add(launch);
  }

  @Override
  public Marker record() {
    return new Recorded(queue.record());
  }

  @Override
  public void await(Marker marker) {
    if (!(marker instanceof Recorded recorded)) {
      throw new DeviceException("a marker of another device was given to OpenCL");
    }
    queue.await(recorded.event());
  }

  @Override
  public void synchronize() {
    if (indexedLaunches.isEmpty()) {
      queue.finish();
      return;
    }
    List<String> launches = List.copyOf(indexedLaunches);
    indexedLaunches.clear();
    long bytes = (long) launches.size() * Integer.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(ValueLayout.JAVA_INT, launches.size());
      queue.read(statuses, 0, status);
      for (int i = 0; i < launches.size(); i++) {
        if (status.getAtIndex(ValueLayout.JAVA_INT, i) != 0) {
          queue.fill(statuses, (byte) 0, 0, bytes);
          throw new DataException(launches.get(i) + ": an index lies outside its axis");
        }
      }
    }
  }

  @Override
  public void close() {
    queue.finish();
    statuses.close();
    queue.close();
  }

  private record Recorded(OpenClEvent event) implements Marker {
    @Override
    public void close() {
      event.close();
    }
  }
}
