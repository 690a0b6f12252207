package dev.bascule.models;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A decoder as GGUF metadata describe it. Source: the loaders of llama.cpp. */
final class GgufReading {
  private static final String REMEDY = "convert the model again";
  private static final String EMBEDDING = "token_embd.weight";
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
    int heads = positive("attention.head_count", Bounds.HEADS);
    int hidden = positive("embedding_length", Bounds.WIDTH);
    Optional<DecoderConfig.Latent> latent =
        has("attention.kv_lora_rank") ? Optional.of(latent()) : Optional.empty();
    int headDim = latent.map(DecoderConfig.Latent::headDim).orElseGet(() -> headDim(hidden, heads));
    int turned = latent.map(DecoderConfig.Latent::turnedDim).orElseGet(() -> turned(headDim));
    int layers = layers();
    int context = positive("context_length", Bounds.CONTEXT);
    return new DecoderConfig(
        family,
        layers,
        hidden,
        heads,
        latent.isPresent() ? 1 : kvHeads(heads),
        headDim,
        positive("feed_forward_length", Bounds.WIDTH),
        vocabulary(),
        (float) get("attention.layer_norm_rms_epsilon").real(0, Bounds.EPSILON),
        rope(turned, latent.isPresent(), context),
        features(family),
        experts(family, layers),
        latent,
        context,
        has("attention.sliding_window")
            ? OptionalInt.of(positive("attention.sliding_window", Bounds.CONTEXT))
            : OptionalInt.empty(),
        ends());
  }

  private int layers() {
    int blocks = positive("block_count", Bounds.LAYERS);
    return blocks - integer("nextn_predict_layers", 0, blocks - 1, 0);
  }

  private int vocabulary() {
    StoredTensor table = file.tensor(EMBEDDING);
    if (table.dims().size() != 2
        || table.dims().getFirst() < 1
        || table.dims().getFirst() > Bounds.VOCABULARY) {
      throw wrongTensor(EMBEDDING, "a row for each of up to " + Bounds.VOCABULARY + " tokens");
    }
    return Math.toIntExact(table.dims().getFirst());
  }

  private FormatException wrongTensor(String name, String expected) {
    return new FormatException(
        file.path(),
        "tensor " + FormatException.quote(name),
        expected,
        file.tensor(name).toString(),
        REMEDY);
  }

  private int headDim(int hidden, int heads) {
    if (!has("attention.key_length") && hidden < heads) {
      throw get("attention.head_count")
          .wrong("at most one for each of embedding_length, " + hidden, REMEDY);
    }
    return integer("attention.key_length", 1, Bounds.HEAD_DIM, hidden / heads);
  }

  private int turned(int headDim) {
    String key = "rope.dimension_count";
    int turned = integer(key, 1, headDim, headDim);
    if (turned % 2 != 0) {
      String stated =
          has(key)
              ? key
              : has("attention.key_length") ? "attention.key_length" : "embedding_length";
      throw get(stated)
          .wrong("an even number of elements of a head to turn, got " + turned, REMEDY);
    }
    return turned;
  }

  private int kvHeads(int heads) {
    String key = "attention.head_count_kv";
    int kvHeads = integer(key, 1, heads, heads);
    if (heads % kvHeads != 0) {
      throw get(key).wrong("a divisor of attention.head_count, " + heads, REMEDY);
    }
    return kvHeads;
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

  private int positive(String key, int max) {
    return get(key).integer(1, max);
  }

  private int integer(String key, int min, int max, int otherwise) {
    return metadata.find(prefix + key).map(e -> e.integer(min, max)).orElse(otherwise);
  }

  private float real(String key, double min, double max, double otherwise) {
    return metadata.find(prefix + key).map(e -> (float) e.real(min, max)).orElse((float) otherwise);
  }

  private float factor(String key, double otherwise) {
    return real(key, Bounds.FACTOR_MIN, Bounds.FACTOR_MAX, otherwise);
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
    int rank = positive("attention.kv_lora_rank", Bounds.RANK);
    // files made for the transposed product say the sizes of a head apart
    String mla = "attention.key_length_mla";
    String keyLength = has(mla) ? mla : "attention.key_length";
    String valueLength =
        has("attention.value_length_mla") ? "attention.value_length_mla" : "attention.value_length";
    int turned = positive("rope.dimension_count", Bounds.HEAD_DIM);
    int key = positive(keyLength, 2 * Bounds.HEAD_DIM);
    if (turned % 2 != 0 || turned >= key) {
      throw get("rope.dimension_count")
          .wrong("an even number of a key's " + key + " elements", REMEDY);
    }
    return new DecoderConfig.Latent(
        integer("attention.q_lora_rank", 0, Bounds.RANK, 0),
        rank,
        key - turned,
        turned,
        positive(valueLength, Bounds.HEAD_DIM));
  }

  private Optional<DecoderConfig.Experts> experts(Family family, int layers) {
    int count = integer("expert_count", 0, Bounds.EXPERTS, 0);
    if (count == 0) {
      return Optional.empty();
    }
    if (family == Family.LLAMA) {
      throw get("expert_count").wrong("0", "use a model that is no mixture of this kind");
    }
    int width = positive("expert_feed_forward_length", Bounds.WIDTH);
    boolean isQwen = family == Family.QWEN3_MOE;
    boolean isSigmoid = family == Family.DEEPSEEK_V3 || family == Family.GLM4_MOE;
    int groups = integer("expert_group_count", 1, count, 1);
    if (count % groups != 0) {
      throw get("expert_group_count").wrong("a divisor of the " + count + " experts", REMEDY);
    }
    return Optional.of(
        new DecoderConfig.Experts(
            count,
            positive("expert_used_count", count),
            width,
            Math.multiplyExact(width, integer("expert_shared_count", 0, Bounds.SHARED_EXPERTS, 0)),
            integer("leading_dense_block_count", 0, layers, 0),
            isSigmoid ? DecoderConfig.Scoring.SIGMOID : DecoderConfig.Scoring.SOFTMAX,
            groups,
            integer("expert_group_used_count", 1, groups, 1),
            metadata.find(prefix + "expert_weights_norm").map(GgufEntry::truth).orElse(isQwen),
            real("expert_weights_scale", 0, Bounds.FACTOR_MAX, 1)));
  }

  private Rope rope(int dimensions, boolean isLatent, int context) {
    float theta = real("rope.freq_base", Bounds.THETA_MIN, Bounds.THETA_MAX, 10_000);
    String type = metadata.find(prefix + "rope.scaling.type").map(GgufEntry::text).orElse("none");
    Rope.Scaling scaling =
        switch (type) {
          case "none" -> factors(dimensions);
          case "dynamic" -> new Rope.Scaling.Dynamic();
          case "linear" -> new Rope.Scaling.Linear(factor("rope.scaling.factor", 1));
          case "yarn" ->
              new Rope.Scaling.Yarn(
                  factor("rope.scaling.factor", 1),
                  integer("rope.scaling.original_context_length", 1, Bounds.CONTEXT, context),
                  factor("rope.scaling.yarn_beta_fast", 32),
                  factor("rope.scaling.yarn_beta_slow", 1),
                  real(
                      "rope.scaling.yarn_log_multiplier",
                      -Bounds.FACTOR_MAX,
                      Bounds.FACTOR_MAX,
                      0.1),
                  !isLatent);
          default ->
              throw get("rope.scaling.type")
                  .wrong("one of none, dynamic, linear, yarn", "use a model without it");
        };
    return new Rope(dimensions, theta, scaling);
  }

  /** The divisors of frequencies that a file may have as a tensor. */
  private Rope.Scaling factors(int dimensions) {
    String name = "rope_freqs.weight";
    StoredTensor tensor = file.tensors().get(name);
    if (tensor == null) {
      return new Rope.Scaling.None();
    }
    if (tensor.elements() != dimensions / 2) {
      throw wrongTensor(name, dimensions / 2 + " factors, one for each pair of elements");
    }
    float[] factors = new float[dimensions / 2];
    tensor.readFloats(0, factors, 0, factors.length);
    for (float factor : factors) {
      if (!(factor >= Bounds.FACTOR_MIN && factor <= Bounds.FACTOR_MAX)) {
        throw wrongTensor(
            name,
            "factors from " + Bounds.FACTOR_MIN + " to " + Bounds.FACTOR_MAX + ", not " + factor);
      }
    }
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
