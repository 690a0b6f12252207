package dev.bascule.formats;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Storage;
import dev.bascule.core.quant.QuantType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * A tensor in an open file: its bytes stay there until they are asked for. That they lie within the
 * file and are as many as type and dimensions say has been checked. Threads may read at the same
 * time.
 */
public final class StoredTensor {
  private final String name;
  private final StoredType type;
  private final List<Long> dims;
  private final InputFile file;
  private final long offset;
  private final long elements;
  private final long bytes;

  /**
   * A tensor that lies at byte {@code offset} of {@code file}; readers of formats have checked that
   * it does.
   *
   * @param dims slowest first: the last one is contiguous
   */
  public StoredTensor(String name, StoredType type, List<Long> dims, InputFile file, long offset) {
    this.name = name;
    this.type = type;
    this.dims = List.copyOf(dims);
    this.file = file;
    this.offset = offset;
    long product = 1;
    for (long dim : dims) {
      product = Math.multiplyExact(product, dim);
    }
    this.elements = product;
    this.bytes = type.bytes(product);
    Objects.checkFromIndexSize(offset, bytes, file.size());
  }

  public String name() {
    return name;
  }

  public StoredType type() {
    return type;
  }

  /** Slowest first: a weight that maps 64 inputs to 512 outputs has [512, 64]. */
  public List<Long> dims() {
    return dims;
  }

  public long elements() {
    return elements;
  }

  public long byteSize() {
    return bytes;
  }

  /** Where the tensor begins in its file. */
  public long fileOffset() {
    return offset;
  }

  /** Fills {@code destination} with the tensor's bytes from {@code from} on, as they are stored. */
  public void read(long from, MemorySegment destination) {
    Objects.checkFromIndexSize(from, destination.byteSize(), bytes);
    file.read(offset + from, destination);
  }

  /** Copies all bytes, as they are stored, to the start of {@code destination}. */
  public void copyTo(MemorySegment destination) {
    read(0, destination.asSlice(0, bytes));
  }

  /**
   * A copy in memory of {@code arena}, with the slack that devices want.
   *
   * @throws FormatException if the elements are not of one of core's dtypes
   */
  public Tensor toTensor(Arena arena) {
    if (!(type instanceof StoredType.Plain(DType dtype))) {
      throw unreadable("elements of a plain dtype");
    }
    MemorySegment memory = arena.allocate(bytes + Tensor.SLACK_BYTES, Long.BYTES);
    copyTo(memory);
    return new Tensor(dtype, dims.stream().mapToLong(Long::longValue).toArray(), memory);
  }

  /**
   * Decodes {@code count} elements, from element {@code from} on in row-major order, to {@code
   * values} from {@code to} on; of a quantised tensor whole blocks.
   *
   * @throws FormatException if the type has no decoder to floats
   */
  public void readFloats(long from, float[] values, int to, int count) {
    Objects.checkFromIndexSize(from, count, elements);
    switch (type) {
      case StoredType.Plain(DType dtype) -> readPlain(dtype, from, values, to, count);
      case StoredType.Blocks(QuantType quant) -> {
        MemorySegment blocks = heap(quant.bytes(count));
        read(quant.bytes(from), blocks);
        quant.decode(blocks, 0, values, to, count);
      }
      case StoredType.Other other -> throw unreadable("a type that decodes to floats");
    }
  }

  private void readPlain(DType dtype, long from, float[] values, int to, int count) {
    if (!dtype.isFloat()) {
      throw unreadable("elements of a float dtype");
    }
    MemorySegment memory = heap(dtype.bytes(count));
    read(dtype.bytes(from), memory);
    if (dtype == DType.F32) {
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, to, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      values[to + i] = (float) Storage.number(dtype, Storage.load(dtype, memory, i));
    }
  }

  /** Memory that is aligned for every element type. */
  private static MemorySegment heap(long bytes) {
    return MemorySegment.ofArray(new long[Math.toIntExact(Math.ceilDiv(bytes, Long.BYTES))])
        .asSlice(0, bytes);
  }

  private FormatException unreadable(String expected) {
    return new FormatException(
        file,
        "tensor " + FormatException.quote(name),
        expected,
        type.toString(),
        "convert the model to a type that Bascule reads: f32, f16, bf16 or q8_0, for example");
  }

  /** This tensor, to be written to another file. */
  public OutgoingTensor outgoing() {
    return new OutgoingTensor(name, type, dims, this::writeTo);
  }

  private void writeTo(OutgoingTensor.Sink sink) throws java.io.IOException {
    MemorySegment piece = MemorySegment.ofArray(new byte[(int) Math.min(bytes, 1 << 20)]);
    for (long done = 0; done < bytes; done += piece.byteSize()) {
      MemorySegment part = piece.asSlice(0, Math.min(piece.byteSize(), bytes - done));
      read(done, part);
      sink.write(part);
    }
  }

  @Override
  public String toString() {
    return FormatException.quote(name) + " " + type + dims;
  }
}
