package dev.bascule.models;

import java.util.Locale;

/**
 * What a weight does in a decoder, one row each, with its names in Hugging Face folders and in GGUF
 * files. A star is the layer's number there, a plus the expert's.
 */
public enum Role {
  EMBEDDING("model.embed_tokens", "token_embd"),
  FINAL_NORM("model.norm", "output_norm"),
  /** The output layer; tied models have none and use the embedding. */
  HEAD("lm_head", "output"),

  ATTENTION_NORM("model.layers.*.input_layernorm", "blk.*.attn_norm"),
  QUERY("model.layers.*.self_attn.q_proj", "blk.*.attn_q"),
  KEY("model.layers.*.self_attn.k_proj", "blk.*.attn_k"),
  VALUE("model.layers.*.self_attn.v_proj", "blk.*.attn_v"),
  QUERY_NORM("model.layers.*.self_attn.q_norm", "blk.*.attn_q_norm"),
  KEY_NORM("model.layers.*.self_attn.k_norm", "blk.*.attn_k_norm"),
  ATTENTION_OUTPUT("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
  ATTENTION_POST_NORM("model.layers.*.post_self_attn_layernorm", "blk.*.post_attention_norm"),

  /** Hidden state to the queries' latent vector. */
  QUERY_DOWN("model.layers.*.self_attn.q_a_proj", "blk.*.attn_q_a"),
  QUERY_DOWN_NORM("model.layers.*.self_attn.q_a_layernorm", "blk.*.attn_q_a_norm"),
  QUERY_UP("model.layers.*.self_attn.q_b_proj", "blk.*.attn_q_b"),
  /** Hidden state to the latent vector and the turned key that are cached. */
  LATENT("model.layers.*.self_attn.kv_a_proj_with_mqa", "blk.*.attn_kv_a_mqa"),
  LATENT_NORM("model.layers.*.self_attn.kv_a_layernorm", "blk.*.attn_kv_a_norm"),
  /** A head's query to the latent space: what makes keys of latent vectors, transposed. */
  KEY_UP("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_k_b"),
  /** The latent space to a head's value. */
  VALUE_UP("model.layers.*.self_attn.kv_b_proj", "blk.*.attn_v_b"),

  FEED_FORWARD_NORM("model.layers.*.post_attention_layernorm", "blk.*.ffn_norm"),
  GATE("model.layers.*.mlp.gate_proj", "blk.*.ffn_gate"),
  UP("model.layers.*.mlp.up_proj", "blk.*.ffn_up"),
  DOWN("model.layers.*.mlp.down_proj", "blk.*.ffn_down"),
  FEED_FORWARD_POST_NORM("model.layers.*.post_mlp_layernorm", "blk.*.post_ffw_norm"),

  ROUTER("model.layers.*.mlp.gate", "blk.*.ffn_gate_inp"),
  /** Added to scores for the choice of experts. */
  ROUTER_BIAS("model.layers.*.mlp.gate.e_score_correction_bias", "blk.*.exp_probs_b"),
  EXPERT_GATE("model.layers.*.mlp.experts.+.gate_proj", "blk.*.ffn_gate_exps"),
  EXPERT_UP("model.layers.*.mlp.experts.+.up_proj", "blk.*.ffn_up_exps"),
  EXPERT_DOWN("model.layers.*.mlp.experts.+.down_proj", "blk.*.ffn_down_exps"),
  SHARED_GATE("model.layers.*.mlp.shared_experts.gate_proj", "blk.*.ffn_gate_shexp"),
  SHARED_UP("model.layers.*.mlp.shared_experts.up_proj", "blk.*.ffn_up_shexp"),
  SHARED_DOWN("model.layers.*.mlp.shared_experts.down_proj", "blk.*.ffn_down_shexp");

  private final String huggingFace;
  private final String gguf;

  Role(String huggingFace, String gguf) {
    this.huggingFace = huggingFace;
    this.gguf = gguf;
  }

  /** Whether each layer has its own. */
  public boolean isOfLayer() {
    return gguf.startsWith("blk.");
  }

  /** The name in a Hugging Face folder, without {@code .weight}. */
  String huggingFaceName(int layer, int expert) {
    return huggingFace.replace("*", Integer.toString(layer)).replace("+", Integer.toString(expert));
  }

  /** The name in a GGUF file, without {@code .weight}. */
  String ggufName(int layer, Family family) {
    // llama.cpp's name for the norm before this family's feed-forward is that of another place
    boolean moved = this == FEED_FORWARD_NORM && family == Family.GLM4_MOE;
    return (moved ? ATTENTION_POST_NORM.gguf : gguf).replace("*", Integer.toString(layer));
  }

  /** What plans and certificates call it: {@code layers.3.query}. */
  public String label(int layer) {
    String name = name().toLowerCase(Locale.ROOT);
    return isOfLayer() ? "layers." + layer + "." + name : name;
  }

  /** Whether such a model has this weight, in layer {@code layer} if it is a layer's. */
  public boolean isIn(DecoderConfig config, int layer) {
    boolean isSparse = isOfLayer() && config.isSparse(layer);
    boolean isLatent = config.latent().isPresent();
    boolean hasLowQuery = config.latent().map(l -> l.queryRank() > 0).orElse(false);
    return switch (this) {
      case EMBEDDING, FINAL_NORM, ATTENTION_NORM, ATTENTION_OUTPUT, FEED_FORWARD_NORM -> true;
      case HEAD -> !config.features().tiedEmbeddings();
      case QUERY -> !hasLowQuery;
      case KEY, VALUE -> !isLatent;
      case QUERY_NORM, KEY_NORM -> config.features().headNorm();
      case ATTENTION_POST_NORM, FEED_FORWARD_POST_NORM -> config.features().sandwichNorm();
      case QUERY_DOWN, QUERY_DOWN_NORM, QUERY_UP -> hasLowQuery;
      case LATENT, LATENT_NORM, KEY_UP, VALUE_UP -> isLatent;
      case GATE, UP, DOWN -> !isSparse;
      case ROUTER, EXPERT_GATE, EXPERT_UP, EXPERT_DOWN -> isSparse;
      case ROUTER_BIAS ->
          isSparse && config.experts().orElseThrow().scoring() == DecoderConfig.Scoring.SIGMOID;
      case SHARED_GATE, SHARED_UP, SHARED_DOWN ->
          isSparse && config.experts().orElseThrow().shared() > 0;
    };
  }

  /** Whether this weight has a bias in such a model. */
  public boolean hasBias(DecoderConfig config) {
    return switch (this) {
      case QUERY, KEY, VALUE -> config.features().attentionBias();
      case ATTENTION_OUTPUT -> config.features().outputBias();
      default -> false;
    };
  }

  /** Whether this is a row of numbers, such as a norm's scales, and not a linear layer. */
  public boolean isVector() {
    return switch (this) {
      case FINAL_NORM,
          ATTENTION_NORM,
          QUERY_NORM,
          KEY_NORM,
          ATTENTION_POST_NORM,
          QUERY_DOWN_NORM,
          LATENT_NORM,
          FEED_FORWARD_NORM,
          FEED_FORWARD_POST_NORM,
          ROUTER_BIAS ->
          true;
      default -> false;
    };
  }

  /** The extents of this weight in such a model: [n, k], with experts or heads before, or [n]. */
  public long[] extents(DecoderConfig config) {
    return switch (this) {
      case EMBEDDING, HEAD -> extents(config.vocabulary(), config.hidden());
      case FINAL_NORM,
          ATTENTION_NORM,
          ATTENTION_POST_NORM,
          FEED_FORWARD_NORM,
          FEED_FORWARD_POST_NORM ->
          extents(config.hidden());
      case QUERY -> extents((long) config.heads() * config.headDim(), config.hidden());
      case KEY, VALUE -> extents((long) config.kvHeads() * config.headDim(), config.hidden());
      case QUERY_NORM, KEY_NORM -> extents(config.headDim());
      case ATTENTION_OUTPUT -> {
        int valueDim = config.latent().map(DecoderConfig.Latent::valueDim).orElse(config.headDim());
        yield extents(config.hidden(), (long) config.heads() * valueDim);
      }
      case QUERY_DOWN, QUERY_DOWN_NORM, QUERY_UP, LATENT, LATENT_NORM, KEY_UP, VALUE_UP ->
          extents(config, config.latent().orElseThrow());
      case GATE, UP -> extents(config.intermediate(), config.hidden());
      case DOWN -> extents(config.hidden(), config.intermediate());
      case ROUTER,
          ROUTER_BIAS,
          EXPERT_GATE,
          EXPERT_UP,
          EXPERT_DOWN,
          SHARED_GATE,
          SHARED_UP,
          SHARED_DOWN ->
          extents(config, config.experts().orElseThrow());
    };
  }

  private static long[] extents(long... extents) {
    return extents;
  }

  private long[] extents(DecoderConfig config, DecoderConfig.Latent latent) {
    return switch (this) {
      case QUERY_DOWN -> extents(latent.queryRank(), config.hidden());
      case QUERY_DOWN_NORM -> extents(latent.queryRank());
      case QUERY_UP -> extents((long) config.heads() * config.headDim(), latent.queryRank());
      case LATENT -> extents(latent.rank() + latent.turnedDim(), config.hidden());
      case LATENT_NORM -> extents(latent.rank());
      case KEY_UP -> extents(config.heads(), latent.rank(), latent.plainDim());
      case VALUE_UP -> extents(config.heads(), latent.valueDim(), latent.rank());
      default -> throw new AssertionError(this);
    };
  }

  private long[] extents(DecoderConfig config, DecoderConfig.Experts experts) {
    return switch (this) {
      case ROUTER -> extents(experts.count(), config.hidden());
      case ROUTER_BIAS -> extents(experts.count());
      case EXPERT_GATE, EXPERT_UP ->
          extents(experts.count(), experts.intermediate(), config.hidden());
      case EXPERT_DOWN -> extents(experts.count(), config.hidden(), experts.intermediate());
      case SHARED_GATE, SHARED_UP -> extents(experts.shared(), config.hidden());
      case SHARED_DOWN -> extents(config.hidden(), experts.shared());
      default -> throw new AssertionError(this);
    };
  }
}
