package dev.bascule.engine;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Constants on a device: one copy of each, in each layout that a kernel asked for, shared by all
 * plans of an engine.
 */
final class Constants implements AutoCloseable {
  private record Key(Identity tensor, String encoding) {}

  /** A tensor compared by identity. */
  private record Identity(Tensor tensor) {
    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
      return other instanceof Identity identity && identity.tensor == tensor;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(tensor);
    }
  }

  /** Memory that is only counted. */
  private record Counted(long bytes) implements Buffer {
    @Override
    public Optional<MemorySegment> host() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private static final int STAGING_RATIO_MAX = 4;

  private final Device device;
  private final boolean isCounted;
  private final Map<Key, Buffer> buffers = new HashMap<>();
  private Arena stagingArena = Arena.ofShared();
  private MemorySegment staging = MemorySegment.NULL;
  private long bytes;

  Constants(Device device) {
    this(device, false);
  }

  private Constants(Device device, boolean isCounted) {
    this.device = device;
    this.isCounted = isCounted;
  }

  /**
   * Constants that are counted and not made: plans over them say what they take, and cannot run.
   */
  static Constants counted(Device device) {
    return new Constants(device, true);
  }

  synchronized Buffer get(Tensor tensor, Optional<Encoding> encoding, Stream stream) {
    Key key = new Key(new Identity(tensor), encoding.map(Encoding::name).orElse(""));
    Buffer known = buffers.get(key);
    if (known != null) {
      return known;
    }
    Buffer buffer = isCounted ? counted(tensor, encoding) : made(tensor, encoding, stream);
    buffers.put(key, buffer);
    bytes += buffer.bytes();
    return buffer;
  }

  private static Buffer counted(Tensor tensor, Optional<Encoding> encoding) {
    return new Counted(encoding.map(Encoding::bytes).orElse(Math.max(1, tensor.byteSize())));
  }

  private Buffer made(Tensor tensor, Optional<Encoding> encoding, Stream stream) {
    return encoding.isPresent() ? encoded(tensor, encoding.get(), stream) : plain(tensor, stream);
  }

  private Buffer plain(Tensor tensor, Stream stream) {
    if (tensor.hasSlack() && tensor.elements() > 0) {
      Optional<Buffer> adopted = device.adopt(tensor.bytes());
      if (adopted.isPresent()) {
        return adopted.get();
      }
    }
    return filled(Math.max(1, tensor.byteSize()), buffer -> write(tensor, buffer, stream));
  }

  private void write(Tensor tensor, Buffer buffer, Stream stream) {
    Optional<MemorySegment> host = buffer.host();
    if (host.isPresent()) {
      tensor.read(0, host.get().asSlice(0, tensor.byteSize()));
    } else {
      stream.upload(whole(tensor), new Slice(buffer, 0, tensor.byteSize()));
      stream.synchronize(); // before the memory is used again
    }
  }

  private Buffer encoded(Tensor tensor, Encoding encoding, Stream stream) {
    return filled(encoding.bytes(), buffer -> encode(tensor, encoding, buffer, stream));
  }

  private void encode(Tensor tensor, Encoding encoding, Buffer buffer, Stream stream) {
    Optional<MemorySegment> host = buffer.host();
    if (host.isPresent()) {
      encoding.encode(new Source(tensor), host.get());
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment packed = arena.allocate(encoding.bytes(), 64);
      encoding.encode(new Source(tensor), packed);
      stream.upload(packed, Slice.of(buffer));
      stream.synchronize();
    }
  }

  /** A new buffer with a tensor in it; none stays where the tensor cannot be read. */
  private Buffer filled(long bytes, Consumer<Buffer> fill) {
    Buffer buffer = device.allocate(bytes);
    try {
      fill.accept(buffer);
      return buffer;
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  private final class Source implements Encoding.Source {
    private final Tensor tensor;

    Source(Tensor tensor) {
      this.tensor = tensor;
    }

    @Override
    public void read(long from, MemorySegment to) {
      tensor.read(from, to);
    }

    @Override
    public MemorySegment whole() {
      return Constants.this.whole(tensor);
    }
  }

  /** The bytes of a tensor in memory; those of a deferred one until the next one's. */
  private MemorySegment whole(Tensor tensor) {
    if (!tensor.isDeferred()) {
      return tensor.bytes();
    }
    MemorySegment bytes = staging(tensor.byteSize());
    tensor.read(0, bytes);
    return bytes;
  }

  /**
   * Memory that one weight after the other passes through: pages are taken, and cleared, once for
   * weights of about a size, and given back before weights that are much smaller.
   */
  private MemorySegment staging(long size) {
    if (staging.byteSize() < size || staging.byteSize() / STAGING_RATIO_MAX > size) {
      releaseStaging();
      staging = stagingArena.allocate(size, 64);
    }
    return staging.asSlice(0, size);
  }

  /** Frees what only the packing of constants needed. */
  synchronized void releaseStaging() {
    stagingArena.close();
    stagingArena = Arena.ofShared(); // an encoding may be made by several threads
    staging = MemorySegment.NULL;
  }

  synchronized long bytes() {
    return bytes;
  }

  @Override
  public synchronized void close() {
    buffers.values().forEach(Buffer::close);
    buffers.clear();
    stagingArena.close();
  }
}
