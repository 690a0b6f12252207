package dev.bascule.models;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A decoder as GGUF metadata describe it. Source: the loaders of llama.cpp. */
final class GgufReading {
  private static final int MAX = 1 << 24;
  private static final int SIGMOID = 2; // llama.cpp's llama_expert_gating_func_type

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufReading(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.prefix = file.architecture() + ".";
  }

  DecoderConfig config() {
    Family family = family();
    int heads = positive("attention.head_count");
    int hidden = positive("embedding_length");
    Optional<DecoderConfig.Latent> latent =
        has("attention.kv_lora_rank") ? Optional.of(latent()) : Optional.empty();
    int headDim =
        latent
            .map(l -> l.plainDim() + l.turnedDim())
            .orElseGet(() -> positive("attention.key_length", hidden / heads));
    int turned =
        latent
            .map(DecoderConfig.Latent::turnedDim)
            .orElseGet(() -> positive("rope.dimension_count", headDim));
    int layers = positive("block_count") - integer("nextn_predict_layers", 0, 1024, 0);
    int context = positive("context_length");
    int vocabulary = Math.toIntExact(file.tensor("token_embd.weight").dims().getFirst());
    return new DecoderConfig(
        family,
        layers,
        hidden,
        heads,
        latent.isPresent() ? 1 : positive("attention.head_count_kv", heads),
        headDim,
        positive("feed_forward_length"),
        vocabulary,
        (float) get("attention.layer_norm_rms_epsilon").real(),
        rope(turned, latent.isPresent(), context),
        features(family),
        experts(family),
        latent,
        context,
        has("attention.sliding_window")
            ? OptionalInt.of(positive("attention.sliding_window"))
            : OptionalInt.empty(),
        ends());
  }

  /** Of families with one name in GGUF the one that the other metadata tell. */
  private Family family() {
    List<Family> families = Family.ofGguf(file.architecture(), file.path());
    boolean isSigmoid = integer("expert_gating_func", 0, 16, 1) == SIGMOID;
    return isSigmoid && families.contains(Family.DEEPSEEK_V3)
        ? Family.DEEPSEEK_V3
        : families.getFirst();
  }

  private boolean has(String key) {
    return metadata.find(prefix + key).isPresent();
  }

  private GgufEntry get(String key) {
    return metadata.get(prefix + key);
  }

  private int positive(String key) {
    return get(key).integer(1, MAX);
  }

  private int positive(String key, int otherwise) {
    return integer(key, 1, MAX, otherwise);
  }

  private int integer(String key, int min, int max, int otherwise) {
    return metadata.find(prefix + key).map(e -> e.integer(min, max)).orElse(otherwise);
  }

  private float real(String key, double otherwise) {
    return metadata.find(prefix + key).map(e -> (float) e.real()).orElse((float) otherwise);
  }

  private DecoderConfig.Features features(Family family) {
    return new DecoderConfig.Features(
        !file.tensors().containsKey("output.weight"),
        file.tensors().containsKey("blk.0.attn_q.bias"),
        file.tensors().containsKey("blk.0.attn_output.bias"),
        file.tensors().containsKey("blk.0.attn_q_norm.weight"),
        family.norms() == Family.Norms.SANDWICH);
  }

  private DecoderConfig.Latent latent() {
    int rank = positive("attention.kv_lora_rank");
    int turned = positive("rope.dimension_count");
    // files made for the transposed product say the sizes of a head apart
    int key = positive("attention.key_length_mla", positive("attention.key_length"));
    int value = positive("attention.value_length_mla", positive("attention.value_length"));
    return new DecoderConfig.Latent(
        integer("attention.q_lora_rank", 0, MAX, 0), rank, key - turned, turned, value);
  }

  private Optional<DecoderConfig.Experts> experts(Family family) {
    int count = integer("expert_count", 0, MAX, 0);
    if (count == 0) {
      return Optional.empty();
    }
    if (family == Family.LLAMA) {
      throw get("expert_count").wrong("0", "use a model that is no mixture of this kind");
    }
    int width = positive("expert_feed_forward_length");
    boolean isQwen = family == Family.QWEN3_MOE;
    boolean isSigmoid = family == Family.DEEPSEEK_V3 || family == Family.GLM4_MOE;
    return Optional.of(
        new DecoderConfig.Experts(
            count,
            positive("expert_used_count"),
            width,
            Math.multiplyExact(width, integer("expert_shared_count", 0, 1024, 0)),
            integer("leading_dense_block_count", 0, MAX, 0),
            isSigmoid ? DecoderConfig.Scoring.SIGMOID : DecoderConfig.Scoring.SOFTMAX,
            integer("expert_group_count", 1, MAX, 1),
            integer("expert_group_used_count", 1, MAX, 1),
            metadata.find(prefix + "expert_weights_norm").map(GgufEntry::truth).orElse(isQwen),
            real("expert_weights_scale", 1)));
  }

  private Rope rope(int dimensions, boolean isLatent, int context) {
    float theta = real("rope.freq_base", 10_000);
    String type = metadata.find(prefix + "rope.scaling.type").map(GgufEntry::text).orElse("none");
    Rope.Scaling scaling =
        switch (type) {
          case "none" -> factors();
          case "linear" -> new Rope.Scaling.Linear(real("rope.scaling.factor", 1));
          case "yarn" ->
              new Rope.Scaling.Yarn(
                  real("rope.scaling.factor", 1),
                  positive("rope.scaling.original_context_length", context),
                  real("rope.scaling.yarn_beta_fast", 32),
                  real("rope.scaling.yarn_beta_slow", 1),
                  real("rope.scaling.yarn_log_multiplier", 0.1),
                  !isLatent);
          default ->
              throw get("rope.scaling.type")
                  .wrong("one of none, linear, yarn", "use a model without it");
        };
    return new Rope(dimensions, theta, scaling);
  }

  /** The divisors of frequencies that a file may have as a tensor. */
  private Rope.Scaling factors() {
    var tensor = file.tensors().get("rope_freqs.weight");
    if (tensor == null) {
      return new Rope.Scaling.None();
    }
    if (tensor.elements() > MAX) {
      throw new FormatException(
          file.path(),
          "tensor 'rope_freqs.weight'",
          "one factor for each pair",
          tensor + "",
          "convert the model again");
    }
    float[] factors = new float[(int) tensor.elements()];
    tensor.readFloats(0, factors, 0, factors.length);
    return new Rope.Scaling.Divided(factors);
  }

  private DecoderConfig.Ends ends() {
    List<Integer> end = new ArrayList<>();
    for (String key :
        List.of(
            "tokenizer.ggml.eos_token_id",
            "tokenizer.ggml.eot_token_id",
            "tokenizer.ggml.eom_token_id")) {
      metadata
          .find(key)
          .map(entry -> entry.integer(0, Integer.MAX_VALUE))
          .filter(id -> !end.contains(id))
          .ifPresent(end::add);
    }
    OptionalInt begin =
        metadata
            .find("tokenizer.ggml.bos_token_id")
            .map(entry -> OptionalInt.of(entry.integer(0, Integer.MAX_VALUE)))
            .orElse(OptionalInt.empty());
    return new DecoderConfig.Ends(begin, end);
  }
}
