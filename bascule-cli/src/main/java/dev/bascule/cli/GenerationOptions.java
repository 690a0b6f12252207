package dev.bascule.cli;

import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.sampling.Sampling;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a language model is run and how its tokens are chosen. */
final class GenerationOptions {
  @Mixin private ModelOptions model = new ModelOptions();

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
    return model.settings();
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
