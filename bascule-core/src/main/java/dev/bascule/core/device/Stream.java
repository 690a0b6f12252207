package dev.bascule.core.device;

import java.lang.foreign.MemorySegment;

/**
 * An ordered queue of work on a device: what is submitted runs in order, and may run later. One
 * thread submits to a stream at a time; different streams of one device may be used by different
 * threads at once.
 */
public interface Stream extends AutoCloseable {
  /** Copies host memory to the device; {@code from} may be reused when this returns. */
  void upload(MemorySegment from, Slice to);

  /** Copies device memory to the host; complete when this returns. */
  void download(Slice from, MemorySegment to);

  /** Copies between non-overlapping slices of equal length on this device. */
  void copy(Slice from, Slice to);

  void launch(Launch launch);

  /**
   * A point in this stream that {@link #await} of another stream of the same device can wait for.
   */
  Marker record();

  /** Later work in this stream waits for the marker. */
  void await(Marker marker);

  /**
   * Waits until all is done. Raises {@link dev.bascule.core.DataException} when a launch since the
   * last call met an index outside its axis, naming the launch.
   */
  void synchronize();

  @Override
  void close();

  /** A recorded point of a stream. */
  interface Marker extends AutoCloseable {
    @Override
    void close();
  }
}
