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
  /** Layers without a window in Qwen's models, where they do not say it. */
  private static final int LAYERS_FULL = 28;

  private static final String REMEDY = "use a model without it";
  private static final String CORRECT = "download config.json again, or correct it by hand";

  private final HuggingFaceFolder folder;
  private final HuggingFaceConfig json;
  private final Family family;

  HuggingFaceReading(HuggingFaceFolder folder) {
    this.folder = folder;
    this.json = folder.config();
    this.family = Family.ofHuggingFace(json.modelType(), folder.path());
  }

  DecoderConfig config() {
    ScaledBlocks.of(json); // its errors come before those of weights that are packed somehow
    refuse("mlp_bias");
    if (!json.text("hidden_act", "silu").equals("silu")) {
      throw json.json().get("hidden_act").wrong("'silu'", REMEDY);
    }
    int heads = positive("num_attention_heads", Bounds.HEADS);
    int hidden = positive("hidden_size", Bounds.WIDTH);
    int layers = positive("num_hidden_layers", Bounds.LAYERS);
    Optional<DecoderConfig.Latent> latent =
        json.has("kv_lora_rank") ? Optional.of(latent()) : Optional.empty();
    int headDim = latent.map(DecoderConfig.Latent::headDim).orElseGet(() -> headDim(hidden, heads));
    int turned = latent.map(DecoderConfig.Latent::turnedDim).orElseGet(() -> turned(headDim));
    int context = positive("max_position_embeddings", Bounds.CONTEXT);
    return new DecoderConfig(
        family,
        layers,
        hidden,
        heads,
        latent.isPresent() ? 1 : kvHeads(heads),
        headDim,
        positive("intermediate_size", Bounds.WIDTH),
        positive("vocab_size", Bounds.VOCABULARY),
        (float) json.real("rms_norm_eps", 0, Bounds.EPSILON, 1e-6),
        rope(turned, context),
        features(),
        experts(layers),
        latent,
        context,
        window(layers),
        ends());
  }

  private int positive(String key, int max) {
    return json.integer(key, 1, max);
  }

  private int headDim(int hidden, int heads) {
    if (!json.has("head_dim") && hidden < heads) {
      throw json.json()
          .get("num_attention_heads")
          .wrong("at most one for each of hidden_size, " + hidden, CORRECT);
    }
    return json.integer("head_dim", 1, Bounds.HEAD_DIM, hidden / heads);
  }

  private int kvHeads(int heads) {
    int kvHeads = json.integer("num_key_value_heads", 1, heads, heads);
    if (heads % kvHeads != 0) {
      throw json.json()
          .get("num_key_value_heads")
          .wrong("a divisor of num_attention_heads, " + heads, CORRECT);
    }
    return kvHeads;
  }

  private void refuse(String key) {
    if (json.truth(key, false)) {
      throw json.json().get(key).wrong("false: Bascule has no blocks for it", REMEDY);
    }
  }

  /** Elements of a head that are turned: those of {@code partial_rotary_factor}. */
  private int turned(int headDim) {
    // transformers 5 writes it beside theta, transformers 4 at the top; GLM's default is a half
    Json parameters = json.json().get("rope_parameters");
    Json beside = parameters.isObject() ? parameters.get("partial_rotary_factor") : parameters;
    Json part = beside.isNull() ? json.json().get("partial_rotary_factor") : beside;
    boolean isGlm = family == Family.GLM4 || family == Family.GLM4_MOE;
    double factor = part.isNull() ? isGlm ? 0.5 : 1 : part.real(0, 1);
    int turned = (int) (headDim * factor);
    if (turned == 0 || turned % 2 != 0) {
      Json stated = part.isNull() ? json.json().get("head_dim") : part;
      throw stated.wrong(
          "an even number of elements to turn, got " + turned + " of a head's " + headDim, CORRECT);
    }
    return turned;
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
    int turned = positive("qk_rope_head_dim", Bounds.HEAD_DIM);
    if (turned % 2 != 0) {
      throw json.json().get("qk_rope_head_dim").wrong("an even number", CORRECT);
    }
    return new DecoderConfig.Latent(
        json.integer("q_lora_rank", 0, Bounds.RANK, 0),
        positive("kv_lora_rank", Bounds.RANK),
        positive("qk_nope_head_dim", Bounds.HEAD_DIM),
        turned,
        positive("v_head_dim", Bounds.HEAD_DIM));
  }

  private Optional<DecoderConfig.Experts> experts(int layers) {
    return switch (family) {
      case LLAMA, MISTRAL, QWEN2, QWEN3, GLM4 -> Optional.empty();
      case QWEN3_MOE -> Optional.of(qwenExperts());
      case DEEPSEEK_V2, DEEPSEEK_V3, GLM4_MOE -> Optional.of(groupedExperts(layers));
    };
  }

  private DecoderConfig.Experts qwenExperts() {
    if (json.integer("decoder_sparse_step", 0, Bounds.LAYERS, 1) != 1
        || !json.integers("mlp_only_layers", 0, Bounds.LAYERS).isEmpty()) {
      throw new FormatException(
          folder.path(),
          "config.json",
          "experts in every layer",
          "decoder_sparse_step or mlp_only_layers that say otherwise",
          REMEDY);
    }
    int count = expertCount();
    return new DecoderConfig.Experts(
        count,
        positive("num_experts_per_tok", count),
        positive("moe_intermediate_size", Bounds.WIDTH),
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
        return positive(key, Bounds.EXPERTS);
      }
    }
    return positive("num_experts", Bounds.EXPERTS);
  }

  private DecoderConfig.Experts groupedExperts(int layers) {
    boolean isV2 = family == Family.DEEPSEEK_V2;
    boolean grouped = !isV2 || json.text("topk_method", "greedy").equals("group_limited_greedy");
    int width = positive("moe_intermediate_size", Bounds.WIDTH);
    int count = expertCount();
    int groups = grouped ? json.integer("n_group", 1, count, 1) : 1;
    if (count % groups != 0) {
      throw json.json().get("n_group").wrong("a divisor of the " + count + " experts", CORRECT);
    }
    return new DecoderConfig.Experts(
        count,
        positive("num_experts_per_tok", count),
        width,
        Math.multiplyExact(width, json.integer("n_shared_experts", 0, Bounds.SHARED_EXPERTS, 0)),
        json.integer("first_k_dense_replace", 0, layers, 0),
        isV2 ? DecoderConfig.Scoring.SOFTMAX : DecoderConfig.Scoring.SIGMOID,
        groups,
        grouped ? json.integer("topk_group", 1, groups, 1) : 1,
        !isV2 && json.truth("norm_topk_prob", true),
        (float) json.real("routed_scaling_factor", 0, Bounds.FACTOR_MAX, 1));
  }

  /** Where only some layers have it, a model is refused: here all layers are alike. */
  private OptionalInt window(int layers) {
    boolean used = json.truth("use_sliding_window", family == Family.MISTRAL);
    if (!used || !json.has("sliding_window")) {
      return OptionalInt.empty();
    }
    int full =
        family == Family.MISTRAL
            ? 0
            : json.integer("max_window_layers", 0, Bounds.LAYERS, LAYERS_FULL);
    if (full >= layers) {
      return OptionalInt.empty();
    }
    if (full > 0) {
      throw json.json()
          .get("max_window_layers")
          .wrong("0, or all " + layers + " layers: Bascule has one window for all", REMEDY);
    }
    return OptionalInt.of(positive("sliding_window", Bounds.CONTEXT));
  }

  private Rope rope(int dimensions, int context) {
    RopeParameters rope = json.rope();
    float theta = (float) rope.theta();
    if (!(theta >= Bounds.THETA_MIN && theta <= Bounds.THETA_MAX)) {
      throw new FormatException(
          folder.path().resolve("config.json"),
          "rope_theta",
          "a number from " + Bounds.THETA_MIN + " to " + Bounds.THETA_MAX,
          Double.toString(rope.theta()),
          CORRECT);
    }
    Rope.Scaling scaling =
        switch (rope.type()) {
          case "default" -> new Rope.Scaling.None();
          case "dynamic" -> new Rope.Scaling.Dynamic();
          case "linear" -> new Rope.Scaling.Linear((float) factor(rope, "factor"));
          case "llama3" -> llama3(rope, dimensions, theta);
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

  private static double factor(RopeParameters rope, String key) {
    return rope.parameters().get(key).real(Bounds.FACTOR_MIN, Bounds.FACTOR_MAX);
  }

  private static double number(
      RopeParameters rope, String key, double min, double max, double otherwise) {
    return rope.parameters()
        .get(key)
        .optional()
        .map(value -> value.real(min, max))
        .orElse(otherwise);
  }

  private static Rope.Scaling llama3(RopeParameters rope, int dimensions, float theta) {
    double low = factor(rope, "low_freq_factor");
    double high = factor(rope, "high_freq_factor");
    if (high <= low) {
      throw rope.parameters()
          .get("high_freq_factor")
          .wrong("more than low_freq_factor, " + low, CORRECT);
    }
    double context =
        rope.parameters().get("original_max_position_embeddings").real(1, Bounds.CONTEXT);
    return Rope.llama3(dimensions, theta, factor(rope, "factor"), low, high, context);
  }

  private static Rope.Scaling yarn(RopeParameters rope, int context) {
    double factor = factor(rope, "factor");
    double forHeads = number(rope, "mscale", 0, Bounds.FACTOR_MAX, 0);
    double forAll = number(rope, "mscale_all_dim", 0, Bounds.FACTOR_MAX, 0);
    boolean turned = forHeads == 0 || forAll == 0;
    if (!turned && forHeads != forAll) {
      throw rope.parameters().get("mscale").wrong("the same as mscale_all_dim, " + forAll, REMEDY);
    }
    double logMultiplier = turned ? 0.1 : 0.1 * forAll;
    double stated = number(rope, "attention_factor", 0, Bounds.FACTOR_MAX, 0);
    if (stated > 0 && factor > 1) {
      logMultiplier = (stated - 1) / Math.log(factor);
    }
    double min = Bounds.FACTOR_MIN;
    double max = Bounds.FACTOR_MAX;
    return new Rope.Scaling.Yarn(
        (float) factor,
        (int) number(rope, "original_max_position_embeddings", 1, Bounds.CONTEXT, context),
        (float) number(rope, "beta_fast", min, max, 32),
        (float) number(rope, "beta_slow", min, max, 1),
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
