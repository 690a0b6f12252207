package dev.bascule.engine;

import dev.bascule.core.Bindings;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.graph.State;
import java.util.HashMap;
import java.util.Map;

/**
 * States on a device: what lives between runs. A store is bound when a session opens; several
 * sessions may share one, but one at a time may write (the engine does not lock). States start as
 * zeros.
 */
public final class Store implements AutoCloseable {
  private final Device device;
  private final Map<State, Buffer> buffers = new HashMap<>();

  Store(Device device) {
    this.device = device;
  }

  /**
   * The memory of {@code state}, made when first asked for; sized at its largest declared
   * dimensions.
   */
  synchronized Buffer buffer(State state) {
    return buffers.computeIfAbsent(
        state, s -> device.allocateZeros(Math.max(1, s.type().bytes().max())));
  }

  /** Replaces the state's value; extents must be its declared ones. */
  public void write(State state, Tensor value) {
    check(state, value.extents(), value);
    try (Stream stream = device.stream()) {
      stream.upload(value.bytes(), new Slice(buffer(state), 0, value.bytes().byteSize()));
      stream.synchronize();
    }
  }

  /** A copy of the state's value. */
  public Tensor read(State state) {
    Tensor value = Tensor.zeros(state.type().dtype(), state.type().shape().evaluate(Bindings.NONE));
    try (Stream stream = device.stream()) {
      stream.download(new Slice(buffer(state), 0, value.bytes().byteSize()), value.bytes());
    }
    return value;
  }

  private static void check(State state, long[] extents, Tensor value) {
    long[] declared = state.type().shape().evaluate(Bindings.NONE);
    if (value.dtype() != state.type().dtype() || !java.util.Arrays.equals(declared, extents)) {
      throw new ShapeException(
          "state '" + state.name() + "' is " + state.type() + ", got " + value);
    }
  }

  @Override
  public synchronized void close() {
    buffers.values().forEach(Buffer::close);
    buffers.clear();
  }
}
