package dev.bascule.cli;

import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.formats.safetensors.SafetensorsFile;
import dev.bascule.formats.safetensors.ShardedSafetensors;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens a model by what lies at a path. */
final class ModelPath {
  private ModelPath() {}

  static TensorFile open(Path path) {
    if (Files.isDirectory(path)) {
      return HuggingFaceFolder.open(path);
    }
    String name = String.valueOf(path.getFileName());
    if (name.endsWith(".safetensors.index.json")) {
      return ShardedSafetensors.open(path);
    }
    if (name.endsWith(".safetensors")) {
      return SafetensorsFile.open(path);
    }
    // its first bytes say whether it is one; caches drop the extension
    return GgufFile.open(path);
  }
}
