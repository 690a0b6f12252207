package dev.bascule.formats.safetensors;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.json.Json;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors in several safetensors files of one folder, and the index ({@code
 * model.safetensors.index.json}) that says which tensor is where.
 */
public final class ShardedSafetensors implements TensorFile {
  private final Path path;
  private final List<SafetensorsFile> shards;
  private final Map<String, StoredTensor> tensors;

  private ShardedSafetensors(
      Path path, List<SafetensorsFile> shards, Map<String, StoredTensor> tensors) {
    this.path = path;
    this.shards = List.copyOf(shards);
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens the shards that an index names.
   *
   * @throws FormatException if the index or a shard is broken, or a shard or a tensor is missing
   */
  public static ShardedSafetensors open(Path index) {
    Map<String, Json> where = Json.read(index).get("weight_map").members();
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    try {
      where.forEach((name, shardName) -> {
        SafetensorsFile shard = shards.get(shardName.text());
        if (shard == null) {
          shard = SafetensorsFile.open(beside(index, shardName));
          shards.put(shardName.text(), shard);
        }
        StoredTensor tensor = shard.tensors().get(name);
        if (tensor == null) {
          throw shardName.wrong(
              "a shard with the tensor " + FormatException.quote(name),
              "download index and shards again");
        }
        tensors.put(name, tensor);
      });
      return new ShardedSafetensors(index, new ArrayList<>(shards.values()), tensors);
    } catch (RuntimeException e) {
      shards.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  /** An index may name files beside it and no others. A link is fine: model caches are made so. */
  private static Path beside(Path index, Json shardName) {
    String name = shardName.text();
    try {
      Path path = Path.of(name);
      boolean plain =
          path.getNameCount() == 1 && !path.isAbsolute() && name.endsWith(".safetensors");
      if (plain && name.indexOf('\\') < 0) {
        return index.resolveSibling(path);
      }
    } catch (InvalidPathException e) {
      throw shardName.wrong("a file name", "download the index again");
    }
    throw shardName.wrong(
        "the name of a .safetensors file in the index's folder", "download the index again");
  }

  @Override
  public Path path() {
    return path;
  }

  public List<SafetensorsFile> shards() {
    return shards;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    shards.forEach(SafetensorsFile::close);
  }
}
