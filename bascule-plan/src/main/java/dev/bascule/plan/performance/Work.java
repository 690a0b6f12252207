package dev.bascule.plan.performance;

import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.ModelShape;

/**
 * What is asked of a model.
 *
 * @param input tokens of a prompt; {@code prefixHits} of them are in the cache already (0 to 1)
 * @param drafted tokens guessed ahead in a step, each right with chance {@code accepted}
 */
public record Work(
    ModelShape model,
    Format weights,
    Format cache,
    Format attention,
    int input,
    int output,
    double prefixHits,
    int drafted,
    double accepted) {
  public Work {
    if (input < 0 || output < 0 || input + output == 0) {
      throw new PlanException(
          "expected tokens in or out, got " + input + " in and " + output + " out");
    }
    if (!(prefixHits >= 0 && prefixHits < 1) || drafted < 0 || !(accepted >= 0 && accepted <= 1)) {
      throw new PlanException(
          "expected shares between 0 and 1 for prefix hits and accepted drafts, got "
              + prefixHits
              + " and "
              + accepted);
    }
  }

  public Work(ModelShape model, Format weights, int input, int output) {
    this(model, weights, Format.BF16, Format.BF16, input, output, 0, 0, 0);
  }

  /** Tokens that one step of decoding gives. */
  public double tokensPerStep() {
    double tokens = 1;
    double chance = 1;
    for (int i = 0; i < drafted; i++) {
      chance *= accepted;
      tokens += chance;
    }
    return tokens;
  }

  /** Tokens in the cache in the middle of an answer. */
  public double middleContext() {
    return input + output / 2.0;
  }

  public Work withWeights(Format format) {
    return new Work(model, format, cache, attention, input, output, prefixHits, drafted, accepted);
  }
}
