package dev.bascule.models;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.huggingface.HuggingFaceConfig;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.formats.huggingface.RopeParameters;
import dev.bascule.formats.json.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A decoder as a {@code config.json} describes it. Source: the defaults of transformers 5.18. */
final class HuggingFaceReading {
  private static final int MAX = 1 << 24;
  private static final String REMEDY = "use a model without it";

  private final HuggingFaceFolder folder;
  private final HuggingFaceConfig json;
  private final Family family;

  HuggingFaceReading(HuggingFaceFolder folder) {
    this.folder = folder;
    this.json = folder.config();
    this.family = Family.ofHuggingFace(json.modelType(), folder.path());
  }

  DecoderConfig config() {
    refuse("mlp_bias");
    if (!json.text("hidden_act", "silu").equals("silu")) {
      throw json.json().get("hidden_act").wrong("'silu'", REMEDY);
    }
    int heads = positive("num_attention_heads");
    int hidden = positive("hidden_size");
    boolean isLatent = json.has("kv_lora_rank");
    Optional<DecoderConfig.Latent> latent = isLatent ? Optional.of(latent()) : Optional.empty();
    int headDim =
        latent
            .map(l -> l.plainDim() + l.turnedDim())
            .orElseGet(() -> json.integer("head_dim", 1, MAX, Math.max(1, hidden / heads)));
    int turned = latent.map(DecoderConfig.Latent::turnedDim).orElseGet(() -> turned(headDim));
    int context = positive("max_position_embeddings");
    return new DecoderConfig(
        family,
        positive("num_hidden_layers"),
        hidden,
        heads,
        isLatent ? 1 : json.integer("num_key_value_heads", 1, MAX, heads),
        headDim,
        positive("intermediate_size"),
        positive("vocab_size"),
        (float) json.real("rms_norm_eps", 1e-6),
        rope(turned, context),
        features(),
        experts(),
        latent,
        context,
        window(),
        ends());
  }

  private int positive(String key) {
    return json.integer(key, 1, MAX);
  }

  private void refuse(String key) {
    if (json.truth(key, false)) {
      throw json.json().get(key).wrong("false: Bascule has no blocks for it", REMEDY);
    }
  }

  /** Elements of a head that are turned: those of {@code partial_rotary_factor}. */
  private int turned(int headDim) {
    Json parameters = json.json().get("rope_parameters");
    Json inParameters =
        parameters.isObject() ? parameters.get("partial_rotary_factor") : parameters;
    // transformers 5 writes it beside theta, transformers 4 at the top; GLM's default is a half
    boolean isGlm = family == Family.GLM4 || family == Family.GLM4_MOE;
    double otherwise = json.real("partial_rotary_factor", isGlm ? 0.5 : 1);
    double part = inParameters.isNull() ? otherwise : inParameters.real();
    return (int) (headDim * part);
  }

  private DecoderConfig.Features features() {
    boolean stated = json.truth("attention_bias", false);
    boolean bias =
        switch (family.biases()) {
          case ALWAYS -> true;
          case STATED -> stated;
          case NEVER -> {
            refuse("attention_bias");
            yield false;
          }
        };
    boolean headNorm =
        switch (family.norms()) {
          case HEADS -> true;
          case HEADS_STATED -> json.truth("use_qk_norm", false);
          case NONE, SANDWICH -> false;
        };
    return new DecoderConfig.Features(
        json.truth("tie_word_embeddings", false),
        bias,
        bias && (family == Family.LLAMA || family == Family.QWEN3 || family == Family.QWEN3_MOE),
        headNorm,
        family.norms() == Family.Norms.SANDWICH);
  }

  private DecoderConfig.Latent latent() {
    return new DecoderConfig.Latent(
        json.integer("q_lora_rank", 0, MAX, 0),
        positive("kv_lora_rank"),
        positive("qk_nope_head_dim"),
        positive("qk_rope_head_dim"),
        positive("v_head_dim"));
  }

  private Optional<DecoderConfig.Experts> experts() {
    return switch (family) {
      case LLAMA, MISTRAL, QWEN2, QWEN3, GLM4 -> Optional.empty();
      case QWEN3_MOE -> Optional.of(qwenExperts());
      case DEEPSEEK_V2, DEEPSEEK_V3, GLM4_MOE -> Optional.of(groupedExperts());
    };
  }

  private DecoderConfig.Experts qwenExperts() {
    if (json.integer("decoder_sparse_step", 0, MAX, 1) != 1
        || !json.integers("mlp_only_layers", 0, MAX).isEmpty()) {
      throw new FormatException(
          folder.path(),
          "config.json",
          "experts in every layer",
          "decoder_sparse_step or mlp_only_layers that say otherwise",
          REMEDY);
    }
    return new DecoderConfig.Experts(
        expertCount(),
        positive("num_experts_per_tok"),
        positive("moe_intermediate_size"),
        0,
        0,
        DecoderConfig.Scoring.SOFTMAX,
        1,
        1,
        json.truth("norm_topk_prob", false),
        1);
  }

  private int expertCount() {
    for (String key : List.of("n_routed_experts", "num_experts", "num_local_experts")) {
      if (json.has(key)) {
        return positive(key);
      }
    }
    return positive("num_experts");
  }

  private DecoderConfig.Experts groupedExperts() {
    boolean isV2 = family == Family.DEEPSEEK_V2;
    boolean grouped = !isV2 || json.text("topk_method", "greedy").equals("group_limited_greedy");
    int width = positive("moe_intermediate_size");
    return new DecoderConfig.Experts(
        expertCount(),
        positive("num_experts_per_tok"),
        width,
        Math.multiplyExact(width, json.integer("n_shared_experts", 0, 1024, 0)),
        json.integer("first_k_dense_replace", 0, MAX, 0),
        isV2 ? DecoderConfig.Scoring.SOFTMAX : DecoderConfig.Scoring.SIGMOID,
        grouped ? json.integer("n_group", 1, MAX, 1) : 1,
        grouped ? json.integer("topk_group", 1, MAX, 1) : 1,
        !isV2 && json.truth("norm_topk_prob", true),
        (float) json.real("routed_scaling_factor", 1));
  }

  /** The positions up to which attention to all of them is what the model means. */
  private OptionalInt window() {
    if (json.rope().type().equals("dynamic")) {
      return OptionalInt.of(positive("max_position_embeddings"));
    }
    boolean used = json.truth("use_sliding_window", family == Family.MISTRAL);
    return used && json.has("sliding_window")
        ? OptionalInt.of(positive("sliding_window"))
        : OptionalInt.empty();
  }

  private Rope rope(int dimensions, int context) {
    RopeParameters rope = json.rope();
    float theta = (float) rope.theta();
    Rope.Scaling scaling =
        switch (rope.type()) {
          case "default" -> new Rope.Scaling.None();
          // up to the context of training, and window() keeps to that
          case "dynamic" -> new Rope.Scaling.None();
          case "linear" -> new Rope.Scaling.Linear((float) number(rope, "factor"));
          case "llama3" ->
              Rope.llama3(
                  dimensions,
                  theta,
                  number(rope, "factor"),
                  number(rope, "low_freq_factor"),
                  number(rope, "high_freq_factor"),
                  number(rope, "original_max_position_embeddings"));
          case "yarn" -> yarn(rope, context);
          default ->
              throw new FormatException(
                  folder.path(),
                  "config.json",
                  "a rotary scaling of type default, dynamic, linear, llama3 or yarn",
                  FormatException.quote(rope.type()),
                  REMEDY);
        };
    return new Rope(dimensions, theta, scaling);
  }

  private static double number(RopeParameters rope, String key) {
    return rope.parameters().get(key).real();
  }

  private static double number(RopeParameters rope, String key, double otherwise) {
    return rope.parameters().get(key).optional().map(Json::real).orElse(otherwise);
  }

  private Rope.Scaling yarn(RopeParameters rope, int context) {
    double factor = number(rope, "factor");
    double forHeads = number(rope, "mscale", 0);
    double forAll = number(rope, "mscale_all_dim", 0);
    boolean turned = forHeads == 0 || forAll == 0;
    if (!turned && forHeads != forAll) {
      throw rope.parameters().get("mscale").wrong("the same as mscale_all_dim, " + forAll, REMEDY);
    }
    double logMultiplier = turned ? 0.1 : 0.1 * forAll;
    double stated = number(rope, "attention_factor", 0);
    if (stated > 0 && factor > 1) {
      logMultiplier = (stated - 1) / Math.log(factor);
    }
    return new Rope.Scaling.Yarn(
        (float) factor,
        (int) number(rope, "original_max_position_embeddings", context),
        (float) number(rope, "beta_fast", 32),
        (float) number(rope, "beta_slow", 1),
        (float) logMultiplier,
        turned);
  }

  private DecoderConfig.Ends ends() {
    Json begin = json.json().get("bos_token_id");
    List<Integer> end =
        folder
            .generationConfig()
            .map(generation ->
                HuggingFaceConfig.integers(generation.get("eos_token_id"), 0, Integer.MAX_VALUE))
            .filter(ids -> !ids.isEmpty())
            .orElseGet(() -> json.integers("eos_token_id", 0, Integer.MAX_VALUE));
    return new DecoderConfig.Ends(
        begin.isNull() ? OptionalInt.empty() : OptionalInt.of(begin.integer(0, Integer.MAX_VALUE)),
        end);
  }
}
