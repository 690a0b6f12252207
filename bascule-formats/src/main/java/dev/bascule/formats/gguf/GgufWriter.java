package dev.bascule.formats.gguf;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.OutgoingTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes GGUF files of version 3, little-endian: metadata and tensors in the order in which they
 * are given, each tensor at a multiple of {@code general.alignment} (32 where the metadata does not
 * say). The file appears whole or not at all.
 */
public final class GgufWriter {
  private static final int VERSION = 3;

  private GgufWriter() {}

  /**
   * Writes {@code path}; what was there before is replaced when all is written.
   *
   * @throws FormatException if a tensor is of a type that GGUF has no number for
   */
  public static void write(Path path, GgufMetadata metadata, List<OutgoingTensor> tensors)
      throws IOException {
    check(path, tensors);
    int alignment =
        metadata
            .find(GgufPart.ALIGNMENT_KEY)
            .map(entry -> entry.integer(1, 1 << 20))
            .orElse(GgufPart.ALIGNMENT_DEFAULT);
    long tensorBytes = tensors.stream().mapToLong(OutgoingTensor::byteSize).sum();
    try (AtomicFile file = AtomicFile.create(path, tensorBytes)) {
      file.writeNumber(GgufPart.MAGIC, Integer.BYTES);
      file.writeNumber(VERSION, Integer.BYTES);
      file.writeNumber(tensors.size(), Long.BYTES);
      file.writeNumber(metadata.values().size(), Long.BYTES);
      for (Map.Entry<String, GgufValue> entry : metadata.values().entrySet()) {
        text(file, entry.getKey().getBytes(UTF_8));
        file.writeNumber(entry.getValue().type().code(), Integer.BYTES);
        value(file, entry.getValue());
      }
      list(file, tensors, alignment);
      for (OutgoingTensor tensor : tensors) {
        file.align(alignment);
        tensor.writeTo(file);
      }
      if (!tensors.isEmpty()) {
        // llama.cpp pads behind the last tensor too, and does not pad a bare vocabulary
        file.align(alignment);
      }
      file.commit();
    }
  }

  private static void check(Path path, List<OutgoingTensor> tensors) {
    Set<String> names = new HashSet<>();
    for (OutgoingTensor tensor : tensors) {
      String place = "tensor " + FormatException.quote(tensor.name());
      if (!names.add(tensor.name())) {
        throw new FormatException(path, place, "each name once", "it twice", "rename one");
      }
      if (tensor.dims().size() > GgufPart.RANK_MAX) {
        throw new FormatException(
            path,
            place,
            "at most " + GgufPart.RANK_MAX + " dimensions",
            tensor.dims().toString(),
            "reshape it before it is written");
      }
      if (GgufTensorTypes.code(tensor.type()).isEmpty()) {
        throw new FormatException(
            path,
            place,
            "a type that GGUF has",
            tensor.type().toString(),
            "convert it, to f32 for example");
      }
    }
  }

  private static void list(AtomicFile file, List<OutgoingTensor> tensors, int alignment)
      throws IOException {
    long offset = 0;
    for (OutgoingTensor tensor : tensors) {
      text(file, tensor.name().getBytes(UTF_8));
      file.writeNumber(tensor.dims().size(), Integer.BYTES);
      for (long dim : tensor.dims().reversed()) {
        file.writeNumber(dim, Long.BYTES);
      }
      file.writeNumber(GgufTensorTypes.code(tensor.type()).orElseThrow(), Integer.BYTES);
      file.writeNumber(offset, Long.BYTES);
      offset = Math.ceilDiv(offset + tensor.byteSize(), (long) alignment) * alignment;
    }
  }

  private static void text(AtomicFile file, byte[] utf8) throws IOException {
    file.writeNumber(utf8.length, Long.BYTES);
    file.write(utf8);
  }

  private static void value(AtomicFile file, GgufValue value) throws IOException {
    switch (value) {
      case GgufValue.Scalar(GgufType type, long bits) -> file.writeNumber(bits, type.bytes());
      case GgufValue.Text(byte[] utf8) -> text(file, utf8);
      case GgufValue.Scalars scalars -> {
        head(file, scalars.elementType(), scalars.count());
        file.write(scalars.bytes());
      }
      case GgufValue.Texts texts -> {
        head(file, GgufType.TEXT, texts.ends().length);
        MemorySegment all = MemorySegment.ofArray(texts.utf8());
        for (int i = 0; i < texts.ends().length; i++) {
          int length = texts.ends()[i] - texts.start(i);
          file.writeNumber(length, Long.BYTES);
          file.write(all.asSlice(texts.start(i), length));
        }
      }
      case GgufValue.Nested(List<GgufValue> elements) -> {
        head(file, GgufType.ARRAY, elements.size());
        for (GgufValue element : elements) {
          value(file, element);
        }
      }
    }
  }

  private static void head(AtomicFile file, GgufType elementType, int count) throws IOException {
    file.writeNumber(elementType.code(), Integer.BYTES);
    file.writeNumber(count, Long.BYTES);
  }
}
