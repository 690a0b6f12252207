package dev.bascule.formats.npy;

import dev.bascule.core.DType;
import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads and writes NumPy's .npy files: versions 1 to 3, either byte order and either dimension
 * order in, version 1 (or 2 for a header above 64 KiB), little-endian and row-major out.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int VERSION_AT = 6;
  private static final int LENGTH_AT = 8;
  private static final int ALIGNMENT = 64;
  private static final int HEADER_BYTES_MAX = 1 << 20;

  private Npy() {}

  /**
   * Reads an array into memory of {@code arena}.
   *
   * @throws FormatException if the file is broken, or holds what is no array of numbers
   */
  public static NpyArray read(Path path, Arena arena) {
    try (InputFile file = InputFile.open(path)) {
      int lengthBytes = version(file) == 1 ? Short.BYTES : Integer.BYTES;
      long headerAt = LENGTH_AT + (long) lengthBytes;
      long headerBytes = littleEndian(bytes(file, LENGTH_AT, lengthBytes));
      if (headerBytes > HEADER_BYTES_MAX) {
        throw broken(
            file, "a header of at most " + HEADER_BYTES_MAX + " bytes", headerBytes + " bytes");
      }
      Charset charset = version(file) < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
      String text = new String(bytes(file, headerAt, (int) headerBytes), charset);
      NpyHeader header = NpyHeader.parse(text, file);
      long dataAt = headerAt + headerBytes;
      checkSize(file, header, file.size() - dataAt);
      MemorySegment data = arena.allocate(file.size() - dataAt, Long.BYTES);
      file.read(dataAt, data);
      return array(header, data, arena);
    }
  }

  private static int version(InputFile file) {
    byte[] start = bytes(file, 0, LENGTH_AT);
    for (int i = 0; i < MAGIC.length; i++) {
      if (start[i] != MAGIC[i]) {
        throw broken(file, "a .npy file", "another format (it starts differently)");
      }
    }
    int version = start[VERSION_AT];
    if (version < 1 || version > 3) {
      throw broken(file, "version 1, 2 or 3", "version " + version);
    }
    return version;
  }

  private static byte[] bytes(InputFile file, long offset, int length) {
    if (length > file.size() - offset) {
      throw broken(
          file,
          "a header of " + length + " bytes at byte " + offset,
          "a file of " + file.size() + " bytes");
    }
    byte[] bytes = new byte[length];
    file.read(offset, MemorySegment.ofArray(bytes));
    return bytes;
  }

  private static long littleEndian(byte[] bytes) {
    long value = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      value = value << Byte.SIZE | (bytes[i] & 0xFF);
    }
    return value;
  }

  private static void checkSize(InputFile file, NpyHeader header, long got) {
    long expected;
    try {
      long elements = 1;
      for (long dim : header.dims()) {
        elements = Math.multiplyExact(elements, dim);
      }
      expected = header.dtype().bytes(elements);
    } catch (ArithmeticException e) {
      throw broken(file, "dimensions whose product fits 63 bits", header.dims().toString());
    }
    if (expected != got) {
      throw broken(
          file,
          expected + " bytes of elements for " + header.dtype() + header.dims(),
          got + " bytes");
    }
  }

  private static FormatException broken(InputFile file, String expected, String got) {
    return new FormatException(file, "", expected, got, "save the array with numpy.save again");
  }

  private static NpyArray array(NpyHeader header, MemorySegment data, Arena arena) {
    int bytes = header.dtype().bits() / Byte.SIZE;
    if (header.bigEndian()) {
      swap(data, bytes);
    }
    if (header.dtype() == DType.BOOL) {
      for (long i = 0; i < data.byteSize(); i++) {
        data.set(
            ValueLayout.JAVA_BYTE,
            i,
            data.get(ValueLayout.JAVA_BYTE, i) == 0 ? (byte) 0 : (byte) 1);
      }
    }
    if (header.columnMajor() && header.dims().size() > 1) {
      MemorySegment rows = arena.allocate(data.byteSize(), Long.BYTES);
      toRowMajor(header.dims(), bytes, data, rows);
      return new NpyArray(header.dtype(), header.dims(), rows);
    }
    return new NpyArray(header.dtype(), header.dims(), data);
  }

  private static void swap(MemorySegment data, int bytes) {
    for (long i = 0; i < data.byteSize(); i += bytes) {
      for (int low = 0, high = bytes - 1; low < high; low++, high--) {
        byte b = data.get(ValueLayout.JAVA_BYTE, i + low);
        data.set(ValueLayout.JAVA_BYTE, i + low, data.get(ValueLayout.JAVA_BYTE, i + high));
        data.set(ValueLayout.JAVA_BYTE, i + high, b);
      }
    }
  }

  /** Goes through the elements in row-major order, counting the index up from the last axis. */
  private static void toRowMajor(
      List<Long> dims, int bytes, MemorySegment columns, MemorySegment rows) {
    int rank = dims.size();
    long[] strides = new long[rank];
    long stride = bytes;
    for (int axis = 0; axis < rank; axis++) {
      strides[axis] = stride;
      stride *= dims.get(axis);
    }
    long[] index = new long[rank];
    long from = 0;
    for (long to = 0; to < rows.byteSize(); to += bytes) {
      MemorySegment.copy(columns, from, rows, to, bytes);
      int axis = rank - 1;
      while (axis >= 0 && index[axis] == dims.get(axis) - 1) {
        from -= index[axis] * strides[axis];
        index[axis--] = 0;
      }
      if (axis >= 0) {
        index[axis]++;
        from += strides[axis];
      }
    }
  }

  /** Writes an array; what was there before is replaced when all is written. */
  public static void write(Path path, NpyArray array) throws IOException {
    byte[] text = NpyHeader.text(array).getBytes(StandardCharsets.ISO_8859_1);
    boolean wide = text.length + ALIGNMENT + LENGTH_AT > 1 << Short.SIZE;
    int lengthBytes = wide ? Integer.BYTES : Short.BYTES;
    int unpadded = LENGTH_AT + lengthBytes + text.length + 1;
    int headerEnd = Math.ceilDiv(unpadded, ALIGNMENT) * ALIGNMENT;
    int headerBytes = headerEnd - LENGTH_AT - lengthBytes;
    ByteBuffer header = ByteBuffer.allocate(headerEnd);
    header.put(MAGIC).put((byte) (wide ? 2 : 1)).put((byte) 0);
    for (int i = 0; i < lengthBytes; i++) {
      header.put((byte) (headerBytes >> (i * Byte.SIZE)));
    }
    header.put(text);
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    header.put((byte) '\n').flip();
    try (AtomicFile file = AtomicFile.create(path, header.remaining() + array.data().byteSize())) {
      file.write(header.array());
      file.write(array.data());
      file.commit();
    }
  }
}
