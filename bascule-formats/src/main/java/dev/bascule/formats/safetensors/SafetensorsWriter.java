package dev.bascule.formats.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * Writes safetensors files as the format's own library lays them out: the widest dtypes first, then
 * by name, so that each tensor is aligned; the header padded to a multiple of eight bytes. Files
 * appear whole or not at all.
 */
public final class SafetensorsWriter {
  private static final int HEADER_ALIGNMENT = 8;
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private SafetensorsWriter() {}

  /**
   * Writes one file; what was there before is replaced when all is written.
   *
   * @param metadata free texts for the header
   * @throws FormatException if a tensor is of a type that safetensors does not have
   */
  public static void write(Path path, Map<String, String> metadata, List<OutgoingTensor> tensors)
      throws IOException {
    try (AtomicFile file = begin(path, metadata, tensors)) {
      file.commit();
    }
  }

  /** A file that holds everything and is not under its name yet; the caller closes it. */
  private static AtomicFile begin(
      Path path, Map<String, String> metadata, List<OutgoingTensor> tensors) throws IOException {
    List<OutgoingTensor> ordered = ordered(path, tensors);
    byte[] unpadded = header(metadata, ordered).getBytes(UTF_8);
    int padding = Math.floorMod(-unpadded.length, HEADER_ALIGNMENT);
    long tensorBytes = tensors.stream().mapToLong(OutgoingTensor::byteSize).sum();
    AtomicFile file = AtomicFile.create(path, Long.BYTES + unpadded.length + padding + tensorBytes);
    boolean isWhole = false;
    try {
      file.writeNumber(unpadded.length + padding, Long.BYTES);
      file.write(unpadded);
      file.write(" ".repeat(padding).getBytes(UTF_8));
      for (OutgoingTensor tensor : ordered) {
        tensor.writeTo(file);
      }
      file.finish();
      isWhole = true;
      return file;
    } finally {
      if (!isWhole) {
        file.close();
      }
    }
  }

  private static SafetensorsType type(Path path, OutgoingTensor tensor) {
    return SafetensorsType.of(tensor.type())
        .orElseThrow(() ->
            new FormatException(
                path,
                "tensor " + FormatException.quote(tensor.name()),
                "a type that safetensors has",
                tensor.type().toString(),
                "convert it, to f32 for example"));
  }

  private static List<OutgoingTensor> ordered(Path path, List<OutgoingTensor> tensors) {
    Set<String> names = new HashSet<>();
    for (OutgoingTensor tensor : tensors) {
      type(path, tensor);
      if (!names.add(tensor.name())) {
        String place = "tensor " + FormatException.quote(tensor.name());
        throw new FormatException(path, place, "each name once", "it twice", "rename one");
      }
    }
    Comparator<OutgoingTensor> byWidth = Comparator.comparing(tensor -> type(path, tensor));
    return tensors.stream().sorted(byWidth.reversed().thenComparing(OutgoingTensor::name)).toList();
  }

  private static String header(Map<String, String> metadata, List<OutgoingTensor> tensors) {
    StringJoiner members = new StringJoiner(",", "{", "}");
    if (!metadata.isEmpty()) {
      StringJoiner texts = new StringJoiner(",", "{", "}");
      metadata.forEach((key, value) -> texts.add(Json.quote(key) + ":" + Json.quote(value)));
      members.add("\"__metadata__\":" + texts);
    }
    long offset = 0;
    for (OutgoingTensor tensor : tensors) {
      long end = offset + tensor.byteSize();
      String dtype = SafetensorsType.of(tensor.type()).orElseThrow().name();
      String shape = tensor.dims().toString().replace(" ", "");
      String offsets = "[" + offset + "," + end + "]";
      members.add(
          Json.quote(tensor.name())
              + ":{\"dtype\":\""
              + dtype
              + "\",\"shape\":"
              + shape
              + ",\"data_offsets\":"
              + offsets
              + "}");
      offset = end;
    }
    return members.toString();
  }

  /**
   * Writes a model's folder: {@code model.safetensors}, or, where the tensors take more than {@code
   * shardBytesMax}, shards and their index. The index comes last, so that it never names what is
   * not there; weights of the other kind that the folder held are deleted then.
   */
  public static void writeFolder(
      Path folder, Map<String, String> metadata, List<OutgoingTensor> tensors, long shardBytesMax)
      throws IOException {
    Files.createDirectories(folder);
    List<List<OutgoingTensor>> shards = shards(tensors, shardBytesMax);
    if (shards.size() == 1) {
      write(folder.resolve(SINGLE), metadata, shards.getFirst());
      Files.deleteIfExists(folder.resolve(INDEX));
      return;
    }
    List<AtomicFile> whole = new ArrayList<>();
    try {
      Map<String, String> where = new TreeMap<>();
      for (int i = 0; i < shards.size(); i++) {
        String name =
            String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
        whole.add(begin(folder.resolve(name), metadata, shards.get(i)));
        shards.get(i).forEach(tensor -> where.put(tensor.name(), name));
      }
      // a disk that is full until here has cost nothing of what was there before
      for (AtomicFile file : whole) {
        file.commit();
      }
      long total = tensors.stream().mapToLong(OutgoingTensor::byteSize).sum();
      AtomicFile.write(folder.resolve(INDEX), index(where, total));
    } finally {
      for (AtomicFile file : whole) {
        file.close();
      }
    }
    Files.deleteIfExists(folder.resolve(SINGLE));
  }

  /** Runs of tensors, in their order, of at most so many bytes; a larger tensor is a run alone. */
  private static List<List<OutgoingTensor>> shards(
      List<OutgoingTensor> tensors, long shardBytesMax) {
    List<List<OutgoingTensor>> shards = new ArrayList<>();
    shards.add(new ArrayList<>());
    long bytes = 0;
    for (OutgoingTensor tensor : tensors) {
      if (bytes > 0 && bytes + tensor.byteSize() > shardBytesMax) {
        shards.add(new ArrayList<>());
        bytes = 0;
      }
      shards.getLast().add(tensor);
      bytes += tensor.byteSize();
    }
    return shards;
  }

  private static String index(Map<String, String> where, long totalBytes) {
    StringJoiner map = new StringJoiner(",\n", "{\n", "\n  }");
    where.forEach((name, shard) -> map.add("    " + Json.quote(name) + ": " + Json.quote(shard)));
    return "{\n  \"metadata\": {\n    \"total_size\": "
        + totalBytes
        + "\n  },\n  \"weight_map\": "
        + map
        + "\n}\n";
  }
}
