package dev.bascule.core.device;

import java.lang.foreign.MemorySegment;

/** A stream that hands everything on to another, which it closes. */
public abstract class ForwardingStream implements Stream {
  private final Stream stream;

  protected ForwardingStream(Stream stream) {
    this.stream = stream;
  }

  @Override
  public void upload(MemorySegment from, Slice to) {
    stream.upload(from, to);
  }

  @Override
  public void download(Slice from, MemorySegment to) {
    stream.download(from, to);
  }

  @Override
  public void copy(Slice from, Slice to) {
    stream.copy(from, to);
  }

  @Override
  public void launch(Launch launch) {
    stream.launch(launch);
  }

  @Override
  public Marker record() {
    return stream.record();
  }

  @Override
  public void await(Marker marker) {
    stream.await(marker);
  }

  @Override
  public void synchronize() {
    stream.synchronize();
  }

  @Override
  public void close() {
    stream.close();
  }
}
