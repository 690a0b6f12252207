package dev.bascule.formats.safetensors;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors in one safetensors file: eight bytes of length, a JSON header, and the tensors' bytes
 * without gaps. The header is read and checked; tensors stay in the file until they are asked for.
 * Source: https://github.com/huggingface/safetensors#format
 */
public final class SafetensorsFile implements TensorFile {
  /** What the format allows. */
  private static final int HEADER_BYTES_MAX = 100_000_000;

  private static final int RANK_MAX = 64;
  private static final String METADATA = "__metadata__";
  private static final String REMEDY = "download or save the file again";

  private final InputFile file;
  private final Map<String, String> metadata;
  private final Map<String, StoredTensor> tensors;

  private SafetensorsFile(
      InputFile file, Map<String, String> metadata, Map<String, StoredTensor> tensors) {
    this.file = file;
    this.metadata = Collections.unmodifiableMap(metadata);
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens one file.
   *
   * @throws FormatException if it is broken
   */
  public static SafetensorsFile open(Path path) {
    InputFile file = InputFile.open(path);
    try {
      return read(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static SafetensorsFile read(InputFile file) {
    byte[] text = header(file);
    long dataAt = Long.BYTES + (long) text.length;
    Json header = Json.parse(text, file);
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    header
        .members()
        .forEach((name, member) -> {
          if (name.equals(METADATA)) {
            member.members().forEach((key, value) -> metadata.put(key, value.text()));
          } else {
            tensors.put(name, tensor(name, member, file, dataAt));
          }
        });
    checkLayout(file, dataAt, tensors);
    return new SafetensorsFile(file, metadata, tensors);
  }

  private static byte[] header(InputFile file) {
    byte[] length = new byte[Long.BYTES];
    if (file.size() < length.length) {
      throw broken(file, "a safetensors file", "a file of " + file.size() + " bytes");
    }
    file.read(0, MemorySegment.ofArray(length));
    long bytes = 0;
    for (int i = length.length - 1; i >= 0; i--) {
      bytes = bytes << Byte.SIZE | length[i] & 0xFF;
    }
    long most = Math.min(HEADER_BYTES_MAX, file.size() - Long.BYTES);
    if (bytes < 2 || bytes > most) {
      throw broken(
          file, "a header of 2 to " + most + " bytes", Long.toUnsignedString(bytes) + " bytes");
    }
    byte[] text = new byte[(int) bytes];
    file.read(Long.BYTES, MemorySegment.ofArray(text));
    if (text[0] != '{') {
      throw broken(file, "a header that starts with '{'", "another format (it starts differently)");
    }
    return text;
  }

  private static FormatException broken(InputFile file, String expected, String got) {
    return new FormatException(file, "header", expected, got, REMEDY);
  }

  private static StoredTensor tensor(String name, Json member, InputFile file, long dataAt) {
    Json dtype = member.get("dtype");
    SafetensorsType type =
        SafetensorsType.of(dtype.text())
            .orElseThrow(() ->
                dtype.wrong(
                    "one of " + List.of(SafetensorsType.values()),
                    "save the tensor in one of them"));
    List<Long> dims = new ArrayList<>();
    long elements = 1;
    long bytes;
    Json shape = member.get("shape");
    try {
      for (Json dim : shape.elements()) {
        dims.add(dim.integer(0, Long.MAX_VALUE));
        elements = Math.multiplyExact(elements, dims.getLast());
      }
      bytes = type.stored().bytes(elements);
    } catch (ArithmeticException e) {
      throw shape.wrong("a size of 63 bits", REMEDY);
    }
    if (dims.size() > RANK_MAX || elements % type.stored().blockElements() != 0) {
      throw shape.wrong("at most " + RANK_MAX + " dimensions, of whole bytes", REMEDY);
    }
    Json place = member.get("data_offsets");
    List<Json> offsets = place.elements();
    if (offsets.size() != 2) {
      throw place.wrong("two offsets", REMEDY);
    }
    long room = file.size() - dataAt;
    long begin = offsets.getFirst().integer(0, room);
    long end = offsets.getLast().integer(begin, room);
    if (end - begin != bytes) {
      throw place.wrong(
          bytes + " bytes for " + type + dims + " between the offsets " + begin + " and " + end,
          REMEDY);
    }
    return new StoredTensor(name, type.stored(), dims, file, dataAt + begin);
  }

  /** Each byte belongs to one tensor: nothing overlaps, nothing hides between or behind them. */
  private static void checkLayout(InputFile file, long dataAt, Map<String, StoredTensor> tensors) {
    long at = dataAt;
    String before = "the header";
    List<StoredTensor> byOffset =
        tensors.values().stream()
            .sorted(
                Comparator.comparingLong(StoredTensor::fileOffset)
                    .thenComparingLong(StoredTensor::byteSize))
            .toList();
    for (StoredTensor tensor : byOffset) {
      String name = FormatException.quote(tensor.name());
      if (tensor.fileOffset() != at) {
        throw broken(
            file,
            "tensor " + name + " at offset " + (at - dataAt) + ", right behind " + before,
            "offset " + (tensor.fileOffset() - dataAt));
      }
      at += tensor.byteSize();
      before = name;
    }
    if (at != file.size()) {
      throw broken(
          file, "the file's end right behind " + before, (file.size() - at) + " bytes more");
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  /** The header's free texts. */
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    file.close();
  }
}
