package dev.bascule.plan.placement;

import dev.bascule.plan.PlanException;
import java.util.OptionalDouble;

/**
 * What a placement must reach.
 *
 * @param secondsPerToken the longest time for a token of an answer
 * @param secondsToFirst the longest wait for the first one, without a queue
 * @param tokensPerSecond answer tokens of the whole placement; absent: one copy of the model
 * @param chipsMax chips of the whole placement
 */
public record Targets(
    double secondsPerToken,
    OptionalDouble secondsToFirst,
    OptionalDouble tokensPerSecond,
    int chipsMax) {
  public Targets {
    if (!(secondsPerToken > 0) || chipsMax < 1) {
      throw new PlanException(
          "targets need a time per token above 0 and at least 1 chip, got "
              + secondsPerToken * 1000
              + " ms and "
              + chipsMax
              + " chips");
    }
  }
}
