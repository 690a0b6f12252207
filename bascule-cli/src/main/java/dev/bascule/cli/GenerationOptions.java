package dev.bascule.cli;

import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.sampling.Sampling;
import java.util.List;
import java.util.Optional;
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

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "only the K likeliest tokens may come (default: ${DEFAULT-VALUE}, all)")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "only the likeliest tokens that together have this probability (default: ${DEFAULT-VALUE}, all)")
  private double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description =
          "only tokens with this share of the likeliest one's probability (default: ${DEFAULT-VALUE}, all)")
  private double minP;

  @Option(
      names = "--repeat-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "divides the logits of tokens that came (default: ${DEFAULT-VALUE}, none)")
  private double repeatPenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "F",
      defaultValue = "0",
      description = "taken off a logit for each time that its token came (default: 0)")
  private double frequencyPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "F",
      defaultValue = "0",
      description = "taken off the logit of a token that came (default: 0)")
  private double presencePenalty;

  @Option(
      names = "--penalty-window",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "of how many last tokens, the prompt's among them, penalties count (default: 0, all)")
  private int penaltyWindow;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "equal seeds give equal texts (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "a text that ends the answer and is not part of it; may be repeated")
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
    if (stops.contains("")) {
      throw new RequestException("--stop needs a text of one character or more; leave it out");
    }
    return stops;
  }

  LanguageModel.Settings settings() {
    return model.settings();
  }

  /** What is asked and can have no effect, for people; checks all values. */
  Optional<String> idle() {
    maxTokens();
    stops();
    Sampling sampling = sampling();
    boolean isCut = sampling.topK() > 0 || sampling.topP() < 1 || sampling.minP() > 0;
    return sampling.temperature() == 0 && isCut
        ? Optional.of(
            "--top-k, --top-p and --min-p change nothing at temperature 0, which takes the likeliest"
                + " token; give --temperature")
        : Optional.empty();
  }

  Sampling sampling() {
    try {
      return new Sampling(
          temperature,
          topK,
          topP,
          minP,
          new Sampling.Penalties(repeatPenalty, frequencyPenalty, presencePenalty, penaltyWindow),
          seed);
    } catch (IllegalArgumentException e) {
      throw new RequestException(String.valueOf(e.getMessage()), e);
    }
  }
}
