package dev.bascule.models;

import dev.bascule.core.quant.WeightType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Models of well-known shapes with random weights, without a file: for measuring. What they say
 * means nothing; how fast they say it does. Sources: the {@code config.json} of each on Hugging
 * Face.
 */
public enum SyntheticModel {
  QWEN3_0_6B("qwen3-0.6b", qwen3(28, 1024, 16, 8, 3072, true, Optional.empty())),
  LLAMA_1B("llama-1b", llama1b()),
  QWEN3_8B("qwen3-8b", qwen3(36, 4096, 32, 8, 12288, false, Optional.empty())),
  QWEN3_30B_A3B(
      "qwen3-30b-a3b",
      qwen3(
          48,
          2048,
          32,
          4,
          6144,
          false,
          Optional.of(
              new DecoderConfig.Experts(
                  128, 8, 768, 0, 0, DecoderConfig.Scoring.SOFTMAX, 1, 1, true, 1))));

  private final String text;

  @SuppressWarnings("ImmutableEnumChecker") // a record of records, optionals and List.of
  private final DecoderConfig config;

  SyntheticModel(String text, DecoderConfig config) {
    this.text = text;
    this.config = config;
  }

  private static DecoderConfig qwen3(
      int layers,
      int hidden,
      int heads,
      int kvHeads,
      int intermediate,
      boolean tied,
      Optional<DecoderConfig.Experts> experts) {
    return new DecoderConfig(
        experts.isPresent() ? Family.QWEN3_MOE : Family.QWEN3,
        layers,
        hidden,
        heads,
        kvHeads,
        128,
        intermediate,
        151_936,
        1e-6f,
        new Rope(128, 1e6f, new Rope.Scaling.None()),
        new DecoderConfig.Features(tied, false, false, true, false),
        experts,
        Optional.empty(),
        40_960,
        OptionalInt.empty(),
        new DecoderConfig.Ends(OptionalInt.empty(), List.of(151_645)));
  }

  private static DecoderConfig llama1b() {
    return new DecoderConfig(
        Family.LLAMA,
        16,
        2048,
        32,
        8,
        64,
        8192,
        128_256,
        1e-5f,
        new Rope(64, 5e5f, Rope.llama3(64, 5e5f, 32, 1, 4, 8192)),
        new DecoderConfig.Features(true, false, false, false, false),
        Optional.empty(),
        Optional.empty(),
        131_072,
        OptionalInt.empty(),
        new DecoderConfig.Ends(OptionalInt.of(128_000), List.of(128_009)));
  }

  /** The model of this name, such as {@code qwen3-0.6b}. */
  public static SyntheticModel of(String name) {
    return Arrays.stream(values())
        .filter(model -> model.text.equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "synthetic model: expected one of "
                    + Arrays.stream(values())
                        .map(SyntheticModel::toString)
                        .collect(Collectors.joining(", "))
                    + ", got '"
                    + name
                    + "'"));
  }

  public DecoderConfig config() {
    return config;
  }

  /**
   * Random weights in this type, the same for the same seed; norms, routers and rows that the type
   * does not divide are f32.
   */
  public Weights weights(WeightType type, long seed) {
    return random(config, type, seed);
  }

  /** Random weights for any model. */
  public static Weights random(DecoderConfig config, WeightType type, long seed) {
    return new Weights(config, new RandomWeights(config, type, seed));
  }

  @Override
  public String toString() {
    return text;
  }
}
