package dev.bascule.cli;

import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.formats.json.Json;
import dev.bascule.formats.safetensors.SafetensorsFile;
import dev.bascule.formats.safetensors.ShardedSafetensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a model says about itself.
 *
 * @param metadata values in a few words, by key
 */
record ModelDescription(
    String format, Optional<String> architecture, Map<String, String> metadata) {
  static ModelDescription of(TensorFile model) {
    return switch (model) {
      case GgufFile file -> gguf(file);
      case HuggingFaceFolder folder -> folder(folder);
      case SafetensorsFile file -> safetensors("safetensors", file.metadata());
      case ShardedSafetensors file ->
          safetensors("safetensors in " + Text.count(file.shards().size(), "shard"), Map.of());
      default -> throw new AssertionError(model);
    };
  }

  private static ModelDescription gguf(GgufFile file) {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (GgufEntry entry : file.metadata().entries()) {
      metadata.put(entry.key(), entry.describe());
    }
    int parts = file.parts().size();
    String format =
        "GGUF version " + file.version() + (parts == 1 ? "" : " in " + parts + " parts");
    Optional<String> architecture =
        file.metadata().find("general.architecture").map(GgufEntry::text).map(Text::plain);
    return new ModelDescription(format, architecture, metadata);
  }

  private static ModelDescription folder(HuggingFaceFolder folder) {
    Map<String, String> metadata = new LinkedHashMap<>();
    folder.config().json().members().forEach((key, value) -> metadata.put(key, value.describe()));
    Optional<String> architecture =
        folder.config().json().get("model_type").optional().map(Json::text).map(Text::plain);
    return new ModelDescription("Hugging Face folder", architecture, metadata);
  }

  private static ModelDescription safetensors(String format, Map<String, String> texts) {
    Map<String, String> metadata = new LinkedHashMap<>();
    texts.forEach((key, value) -> metadata.put(key, Text.quote(value)));
    return new ModelDescription(format, Optional.empty(), metadata);
  }
}
