package dev.bascule.models;

import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.quant.WeightEncoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A decoder's configuration as GGUF metadata: what {@link GgufReading} reads. */
final class GgufDescription {
  private static final int QUANTIZATION_VERSION = 2;
  private static final int SOFTMAX = 1; // llama.cpp's llama_expert_gating_func_type
  private static final int SIGMOID = 2;

  private final DecoderConfig config;
  private final String prefix;
  private final LinkedHashMap<String, GgufValue> values = new LinkedHashMap<>();

  private GgufDescription(DecoderConfig config) {
    this.config = config;
    this.prefix = config.family().ggufName() + ".";
  }

  static GgufMetadata of(DecoderConfig config, WeightType type, GgufMetadata others) {
    GgufDescription description = new GgufDescription(config);
    description.describe(type);
    GgufMetadata all = others;
    for (Map.Entry<String, GgufValue> entry : description.values.entrySet()) {
      // a tokenizer knows better than a configuration which tokens begin and end a text
      boolean isKnown =
          entry.getKey().startsWith("tokenizer.") && others.find(entry.getKey()).isPresent();
      all = isKnown ? all : all.with(entry.getKey(), entry.getValue());
    }
    return all;
  }

  private void describe(WeightType type) {
    values.put("general.architecture", GgufValue.of(config.family().ggufName()));
    values.put("general.file_type", GgufValue.u32(WeightEncoder.fileType(type)));
    values.put("general.quantization_version", GgufValue.u32(QUANTIZATION_VERSION));
    count("block_count", config.layers());
    count("context_length", config.contextMax());
    count("embedding_length", config.hidden());
    count("feed_forward_length", config.intermediate());
    count("vocab_size", config.vocabulary());
    count("attention.head_count", config.heads());
    count("attention.head_count_kv", config.kvHeads());
    real("attention.layer_norm_rms_epsilon", config.normEpsilon());
    config.window().ifPresent(window -> count("attention.sliding_window", window));
    heads();
    config.experts().ifPresent(this::experts);
    rope();
    ends();
  }

  private void count(String key, long value) {
    values.put(prefix + key, GgufValue.u32(value));
  }

  private void real(String key, float value) {
    values.put(prefix + key, GgufValue.of(value));
  }

  private void heads() {
    if (config.latent().isEmpty()) {
      count("attention.key_length", config.headDim());
      count("attention.value_length", config.headDim());
      return;
    }
    DecoderConfig.Latent latent = config.latent().get();
    count("attention.key_length", latent.rank() + latent.turnedDim());
    count("attention.value_length", latent.rank());
    count("attention.key_length_mla", config.headDim());
    count("attention.value_length_mla", latent.valueDim());
    count("attention.kv_lora_rank", latent.rank());
    if (latent.queryRank() > 0) {
      count("attention.q_lora_rank", latent.queryRank());
    }
  }

  private void experts(DecoderConfig.Experts experts) {
    count("expert_count", experts.count());
    count("expert_used_count", experts.used());
    count("expert_feed_forward_length", experts.intermediate());
    count("expert_shared_count", experts.shared() / experts.intermediate());
    count("leading_dense_block_count", experts.denseLayers());
    count("expert_group_count", experts.groups());
    count("expert_group_used_count", experts.groupsUsed());
    real("expert_weights_scale", experts.scale());
    values.put(prefix + "expert_weights_norm", GgufValue.of(experts.normed()));
    count(
        "expert_gating_func",
        experts.scoring() == DecoderConfig.Scoring.SIGMOID ? SIGMOID : SOFTMAX);
  }

  private void rope() {
    count("rope.dimension_count", config.rope().dimensions());
    real("rope.freq_base", config.rope().theta());
    switch (config.rope().scaling()) {
      case Rope.Scaling.None none -> {}
      case Rope.Scaling.Dynamic dynamic ->
          values.put(prefix + "rope.scaling.type", GgufValue.of("dynamic"));
      case Rope.Scaling.Divided divided -> {} // a tensor, rope_freqs
      case Rope.Scaling.Linear(float factor) -> scaling("linear", factor);
      case Rope.Scaling.Yarn yarn -> {
        scaling("yarn", yarn.factor());
        count("rope.scaling.original_context_length", yarn.originalContext());
        real("rope.scaling.yarn_beta_fast", yarn.betaFast());
        real("rope.scaling.yarn_beta_slow", yarn.betaSlow());
        real("rope.scaling.yarn_log_multiplier", yarn.logMultiplier());
      }
    }
  }

  private void scaling(String type, float factor) {
    values.put(prefix + "rope.scaling.type", GgufValue.of(type));
    real("rope.scaling.factor", factor);
  }

  private void ends() {
    config
        .ends()
        .begin()
        .ifPresent(id -> values.put("tokenizer.ggml.bos_token_id", GgufValue.u32(id)));
    // the end of the text, of a turn, of a message: all that the format has room for
    List<String> keys = List.of("eos_token_id", "eot_token_id", "eom_token_id");
    List<Integer> ids = config.ends().end();
    for (int i = 0; i < Math.min(keys.size(), ids.size()); i++) {
      values.put("tokenizer.ggml." + keys.get(i), GgufValue.u32(ids.get(i)));
    }
  }
}
