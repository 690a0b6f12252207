package dev.bascule.llm.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * How likely the model finds a token: from the logits as they are, before temperature and
 * penalties.
 *
 * @param logProbability the natural logarithm
 */
public record LogProbability(int id, double logProbability) {
  /** The likeliest tokens, the likeliest first. */
  public static List<LogProbability> likeliest(float[] logits, int count) {
    double normalizer = normalizer(logits);
    List<LogProbability> likeliest = new ArrayList<>();
    for (long key : Ranking.first(logits, count)) {
      int id = Ranking.id(key);
      likeliest.add(new LogProbability(id, logits[id] - normalizer));
    }
    return List.copyOf(likeliest);
  }

  /** That of one token. */
  public static LogProbability of(float[] logits, int id) {
    return new LogProbability(id, logits[id] - normalizer(logits));
  }

  /** The logarithm of the sum of all exponentials. */
  private static double normalizer(float[] logits) {
    double highest = Sampler.highest(logits);
    double sum = 0;
    for (float logit : logits) {
      sum += Exponential.of(logit - highest);
    }
    return highest + StrictMath.log(sum);
  }
}
