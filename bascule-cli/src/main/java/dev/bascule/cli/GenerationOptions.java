package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Linear;
import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.sampling.Sampling;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How a language model is run and how its tokens are chosen: options of several commands. */
final class GenerationOptions {
  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "4096",
      description = "tokens that prompt and answer have room for (default: ${DEFAULT-VALUE})")
  private int context;

  @Option(
      names = "--chunk",
      paramLabel = "N",
      defaultValue = "256",
      description = "tokens of a prompt that are taken at a time (default: ${DEFAULT-VALUE})")
  private int chunk;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      defaultValue = "f16",
      description =
          "type of keys and values in the cache: f16, bf16, f32 (default: ${DEFAULT-VALUE})")
  private String cache = "";

  @Option(
      names = "--activations",
      paramLabel = "TYPE",
      defaultValue = "int8",
      description = {
        "before quantised weights: int8, rounded for each 32 (default), or f32;",
        "the device may have no fast kernel for f32"
      })
  private String activations = "";

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 (default) takes the likeliest token, always")
  private double temperature;

  @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "0: all")
  private int topK;

  @Option(names = "--top-p", paramLabel = "P", defaultValue = "1", description = "1: all")
  private double topP;

  @Option(names = "--min-p", paramLabel = "P", defaultValue = "0", description = "0: all")
  private double minP;

  @Option(
      names = "--repeat-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "against tokens that came; 1: none")
  private double repeatPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "equal seeds give equal texts (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(names = "--stop", paramLabel = "TEXT", description = "a text that ends the answer")
  private List<String> stops = List.of();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "tokens of an answer at most (default: ${DEFAULT-VALUE})")
  private int maxTokens;

  int maxTokens() {
    if (maxTokens < 0) {
      throw new RequestException("--max-tokens must be 0 or more, not " + maxTokens);
    }
    return maxTokens;
  }

  List<String> stops() {
    return stops;
  }

  LanguageModel.Settings settings() {
    if (context <= 0 || chunk <= 0) {
      throw new RequestException(
          "--context and --chunk must be 1 or more, not " + context + " and " + chunk);
    }
    DType type =
        switch (cache) {
          case "f16" -> DType.F16;
          case "bf16" -> DType.BF16;
          case "f32" -> DType.F32;
          default ->
              throw new RequestException("--cache is f16, bf16 or f32, not " + Text.quote(cache));
        };
    Linear.Activations rounding =
        switch (activations.toLowerCase(Locale.ROOT)) {
          case "int8" -> Linear.Activations.INT8;
          case "f32" -> Linear.Activations.F32;
          default ->
              throw new RequestException(
                  "--activations is int8 or f32, not " + Text.quote(activations));
        };
    return new LanguageModel.Settings(context, chunk, type, rounding);
  }

  Sampling sampling() {
    try {
      return new Sampling(
          temperature, topK, topP, minP, new Sampling.Penalties(repeatPenalty, 0, 0, 0), seed);
    } catch (IllegalArgumentException e) {
      throw new RequestException(String.valueOf(e.getMessage()), e);
    }
  }
}
