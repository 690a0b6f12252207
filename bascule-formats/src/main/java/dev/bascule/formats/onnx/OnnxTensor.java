package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.onnx.OnnxDataType.TypedField;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A constant tensor. Its bytes stay in the file until they are asked for; that they are as many as
 * the dimensions say has been checked. It is valid as long as the {@link OnnxFile} that it came
 * from is open.
 */
public final class OnnxTensor {
  /** Where the elements are. */
  sealed interface Data {
    /** As they are in memory, little-endian. */
    record Raw(InputFile file, long offset) implements Data {}

    /** In a repeated field of the tensor's message, which lies from start to end. */
    record Typed(InputFile file, long start, long end) implements Data {}

    /** As they are in memory, in a file beside the model. */
    record External(ExternalFiles files, String location, long offset) implements Data {}
  }

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final List<Long> dims;
  private final OnnxDataType type;
  private final long elements;
  private final Data data;
  private final String place;

  OnnxTensor(
      String name, List<Long> dims, OnnxDataType type, long elements, Data data, String place) {
    this.name = name;
    this.dims = List.copyOf(dims);
    this.type = type;
    this.elements = elements;
    this.data = data;
    this.place = place;
  }

  public String name() {
    return name;
  }

  public List<Long> dims() {
    return dims;
  }

  public OnnxDataType type() {
    return type;
  }

  public long elements() {
    return elements;
  }

  /**
   * Bytes of all elements, those under a byte packed (first element in the low bits); 0 for
   * strings.
   */
  public long byteSize() {
    return type.bytesFor(elements);
  }

  /** Whether the elements are in a file beside the model. */
  public boolean isExternal() {
    return data instanceof Data.External;
  }

  /**
   * Writes the elements, little-endian in row-major order, booleans as 0 or 1, into a segment of
   * {@link #byteSize} bytes.
   */
  public void copyTo(MemorySegment destination) {
    if (type == OnnxDataType.STRING || destination.byteSize() != byteSize()) {
      throw new IllegalArgumentException(
          "copy of tensor "
              + FormatException.quote(name)
              + " ("
              + type
              + "): expected a destination of "
              + byteSize()
              + " bytes for numbers, got "
              + destination.byteSize());
    }
    switch (data) {
      case Data.Raw(InputFile file, long offset) -> file.read(offset, destination);
      case Data.Typed(InputFile file, long start, long end) ->
          decode(file, start, end, destination);
      case Data.External external -> source(external).read(external.offset(), destination);
    }
    if (type == OnnxDataType.BOOL) {
      for (long i = 0; i < elements; i++) {
        byte value = destination.get(ValueLayout.JAVA_BYTE, i);
        destination.set(ValueLayout.JAVA_BYTE, i, value == 0 ? (byte) 0 : (byte) 1);
      }
    }
  }

  /**
   * Checks that the elements are there, for callers that allocate memory for them: inside the
   * model's own file they are, but a file beside it may be missing or too short.
   *
   * @throws FormatException if it is
   */
  public void checkAvailable() {
    if (data instanceof Data.External external) {
      source(external);
    }
  }

  private InputFile source(Data.External external) {
    InputFile file = external.files().open(external.location(), place);
    if (external.offset() > file.size() - byteSize()) {
      throw new FormatException(
          external.files().model(),
          place,
          byteSize()
              + " bytes from byte "
              + external.offset()
              + " of "
              + FormatException.quote(external.location()),
          "a file of " + file.size() + " bytes",
          "download or export the external data again");
    }
    return file;
  }

  /** The elements as {@link #copyTo} gives them, in an array: for small tensors. */
  public byte[] toBytes() {
    checkAvailable();
    if (byteSize() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "tensor "
              + FormatException.quote(name)
              + ": expected at most 2 GiB for an array, got "
              + byteSize()
              + " bytes; use copyTo");
    }
    byte[] bytes = new byte[(int) byteSize()];
    copyTo(MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** The elements of a tensor of strings, in row-major order: bytes that should be UTF-8. */
  public List<byte[]> toStrings() {
    if (!(data instanceof Data.Typed(InputFile file, long start, long end))
        || type != OnnxDataType.STRING) {
      throw new IllegalArgumentException(
          "tensor " + FormatException.quote(name) + ": expected strings, got " + type);
    }
    List<byte[]> strings = new ArrayList<>();
    WireReader wire = reader(file, start, end);
    while (wire.next()) {
      if (wire.field() == TypedField.STRING_DATA.number) {
        strings.add(wire.bytes());
      } else {
        wire.skip();
      }
    }
    return strings;
  }

  private WireReader reader(InputFile file, long start, long end) {
    Place at = new Place();
    at.enter(place, -1);
    return new WireReader(file, OnnxLimits.usual(), at, start, end);
  }

  private void decode(InputFile file, long start, long end, MemorySegment to) {
    WireReader wire = reader(file, start, end);
    long[] at = {0};
    int bytes =
        switch (type.typedField()) {
          case FLOAT_DATA -> Float.BYTES;
          case DOUBLE_DATA -> Double.BYTES;
          default -> Math.max(Byte.SIZE, type.bits()) / Byte.SIZE;
        };
    WireReader.Elements sink =
        bits -> {
          if (at[0] + bytes > to.byteSize()) {
            throw wire.refused(
                "the file as it was when it was opened", "another one", "open it again");
          }
          switch (bytes) {
            case Byte.BYTES ->
                to.set(ValueLayout.JAVA_BYTE, at[0], (byte) narrow(wire, bits, Byte.SIZE));
            case Short.BYTES -> to.set(SHORT, at[0], (short) narrow(wire, bits, Short.SIZE));
            case Integer.BYTES -> to.set(INT, at[0], (int) narrow(wire, bits, Integer.SIZE));
            default -> to.set(LONG, at[0], bits);
          }
          at[0] += bytes;
        };
    while (wire.next()) {
      if (wire.field() != type.typedField().number) {
        wire.skip();
      } else if (type.typedField() == TypedField.FLOAT_DATA
          || type.typedField() == TypedField.DOUBLE_DATA) {
        wire.fixeds(bytes, sink);
      } else {
        wire.integers(sink);
      }
    }
  }

  /** A number that fits the element as a signed or as an unsigned one: writers do both. */
  private static long narrow(WireReader wire, long bits, int size) {
    if (bits < -(1L << (size - 1)) || bits >= 1L << size) {
      throw wire.broken("an element of " + size + " bits", Long.toString(bits));
    }
    return bits;
  }

  @Override
  public String toString() {
    return "tensor " + FormatException.quote(name) + " " + type + dims;
  }
}
