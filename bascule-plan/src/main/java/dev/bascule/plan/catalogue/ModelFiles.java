package dev.bascule.plan.catalogue;

import dev.bascule.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads shapes from the catalogue's models.json, from a Hugging Face config.json, from GGUF. */
final class ModelFiles {
  private ModelFiles() {}

  /** All models of a models.json. */
  static List<ModelShape> catalogue(String file, String text) {
    List<ModelShape> models = new ArrayList<>();
    for (JsonTree model : JsonTree.parse(file, text).need("models").elements()) {
      models.add(entry(file, model));
    }
    return models;
  }

  private static ModelShape entry(String file, JsonTree json) {
    boolean mixed = json.get("routed_experts").isPresent();
    Optional<ModelShape.LatentAttention> latent =
        json.get("mla")
            .map(a ->
                new ModelShape.LatentAttention(
                    a.need("q_lora_rank").count(0),
                    a.need("kv_lora_rank").count(1),
                    a.need("qk_nope_head_dim").count(1),
                    a.need("qk_rope_head_dim").count(0),
                    a.need("v_head_dim").count(1)));
    Optional<ModelShape.Experts> experts =
        mixed
            ? Optional.of(
                new ModelShape.Experts(
                    json.need("routed_experts").count(1),
                    json.need("active_experts").count(1),
                    count(json, "shared_experts", 0),
                    json.need("moe_intermediate").count(1),
                    count(json, "first_dense_layers", 0),
                    count(json, "n_group", 1) > 1 ? json.need("topk_group").count(1) : 0))
            : Optional.empty();
    List<String> aliases =
        json.get("aliases")
            .map(list -> list.elements().stream().map(JsonTree::text).toList())
            .orElse(List.of());
    return new ModelShape(
        json.need("name").text(),
        aliases,
        json.need("layers").count(1),
        json.need("hidden").count(1),
        json.need("heads").count(1),
        json.need("kv_heads").count(1),
        json.need("head_dim").count(1),
        latent,
        json.need(mixed ? "intermediate_dense" : "intermediate").count(1),
        experts,
        json.need("vocab").count(1),
        json.need("tied_embeddings").truth(),
        flag(json, "qkv_bias"),
        flag(json, "qk_norm"),
        json.need("context").count(1),
        json.get("params_total_published").map(JsonTree::number),
        json.get("notes").map(JsonTree::text).orElse(""),
        new Origin(
            file,
            json.line(),
            json.need("source").text(),
            json.need("date").text(),
            json.need("confidence").text()));
  }

  private static int count(JsonTree json, String name, int otherwise) {
    return json.get(name).map(value -> value.count(0)).orElse(otherwise);
  }

  private static boolean flag(JsonTree json, String name) {
    return json.get(name).map(JsonTree::truth).orElse(false);
  }

  /** The shape of a model folder's config.json, or of a GGUF file. */
  static ModelShape read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
    if (!Files.isRegularFile(file)) {
      throw new PlanException(
          file + ": expected a config.json or a GGUF file, got nothing there; check the path");
    }
    if (file.toString().endsWith(".gguf")) {
      return GgufHeader.read(file);
    }
    try {
      return config(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new PlanException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** A config.json in the spelling of Hugging Face. */
  static ModelShape config(String file, String text) {
    JsonTree json = JsonTree.parse(file, text);
    int hidden = json.need("hidden_size").count(1);
    int heads = json.need("num_attention_heads").count(1);
    Optional<ModelShape.LatentAttention> latent =
        json.get("kv_lora_rank")
            .map(rank ->
                new ModelShape.LatentAttention(
                    count(json, "q_lora_rank", 0),
                    rank.count(1),
                    json.need("qk_nope_head_dim").count(1),
                    json.need("qk_rope_head_dim").count(0),
                    json.need("v_head_dim").count(1)));
    int headDim =
        latent
            .map(a -> a.plainDim() + a.rotaryDim())
            .orElse(count(json, "head_dim", hidden / heads));
    String type = json.get("model_type").map(JsonTree::text).orElse("");
    int routed =
        count(
            json,
            "n_routed_experts",
            count(json, "num_experts", count(json, "num_local_experts", 0)));
    Optional<ModelShape.Experts> experts =
        routed == 0
            ? Optional.empty()
            : Optional.of(
                new ModelShape.Experts(
                    routed,
                    json.need("num_experts_per_tok").count(1),
                    count(json, "n_shared_experts", 0),
                    count(json, "moe_intermediate_size", count(json, "intermediate_size", 1)),
                    count(json, "first_k_dense_replace", 0),
                    count(json, "n_group", 1) > 1 ? count(json, "topk_group", 0) : 0));
    return new ModelShape(
        json.get("_name_or_path").map(JsonTree::text).filter(s -> !s.isEmpty()).orElse(file),
        List.of(),
        json.need("num_hidden_layers").count(1),
        hidden,
        heads,
        count(json, "num_key_value_heads", heads),
        headDim,
        latent,
        json.need("intermediate_size").count(1),
        experts,
        json.need("vocab_size").count(1),
        flag(json, "tie_word_embeddings"),
        flag(json, "attention_bias") || type.equals("qwen2"),
        type.startsWith("qwen3") || flag(json, "use_qk_norm"),
        count(json, "max_position_embeddings", 4096),
        Optional.empty(),
        "",
        new Origin(file, 1, "the file itself", "", "A"));
  }
}
