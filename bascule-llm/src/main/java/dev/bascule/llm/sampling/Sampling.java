package dev.bascule.llm.sampling;

/**
 * How the next token is chosen from the logits. What is not needed is off. The steps come in the
 * order of Hugging Face's generation: penalties, temperature, top-k, top-p, min-p, each on what the
 * one before left.
 *
 * @param temperature what the logits are divided by; 0 takes the likeliest token, always
 * @param topK how many of the likeliest tokens may come; 0 for all
 * @param topP the likeliest tokens may come that together have at least this probability; 1 for all
 * @param minP tokens may come that have at least this share of the likeliest one's probability; 0
 *     for all
 * @param penalties against repetition
 * @param seed equal seeds give equal tokens for equal logits
 */
public record Sampling(
    double temperature, int topK, double topP, double minP, Penalties penalties, long seed) {
  /** Always the likeliest token. */
  public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, Penalties.NONE, 0);

  /**
   * Against repetition: tokens that came lose by how often they came.
   *
   * @param repetition what the logit of a token that came is divided by, multiplied with where it
   *     is negative; 1 for none (Keskar et al. 2019, https://arxiv.org/abs/1909.05858)
   * @param frequency taken off the logit for each time that the token came
   * @param presence taken off the logit of a token that came
   * @param window of how many tokens, the prompt's among them; 0 for all
   */
  public record Penalties(double repetition, double frequency, double presence, int window) {
    public static final Penalties NONE = new Penalties(1, 0, 0, 0);

    public Penalties {
      check(repetition > 0 && Double.isFinite(repetition), "repetition above 0", repetition);
      check(Double.isFinite(frequency), "a finite frequency penalty", frequency);
      check(Double.isFinite(presence), "a finite presence penalty", presence);
      check(window >= 0, "a window of 0 (all) or more tokens", window);
    }

    boolean areOff() {
      return repetition == 1 && frequency == 0 && presence == 0;
    }
  }

  public Sampling {
    check(temperature >= 0 && Double.isFinite(temperature), "a temperature from 0", temperature);
    check(topK >= 0, "top-k of 0 (all) or more", topK);
    check(topP > 0 && topP <= 1, "top-p above 0 and up to 1 (all)", topP);
    check(minP >= 0 && minP <= 1, "min-p from 0 (all) to 1", minP);
  }

  private static void check(boolean holds, String expected, Number got) {
    if (!holds) {
      throw new IllegalArgumentException("sampling: expected " + expected + ", got " + got);
    }
  }

  /** Chance, and nothing else: the model's own distribution at this temperature. */
  public static Sampling at(double temperature, long seed) {
    return new Sampling(temperature, 0, 1, 0, Penalties.NONE, seed);
  }

  public Sampling withTopK(int other) {
    return new Sampling(temperature, other, topP, minP, penalties, seed);
  }

  public Sampling withTopP(double other) {
    return new Sampling(temperature, topK, other, minP, penalties, seed);
  }

  public Sampling withMinP(double other) {
    return new Sampling(temperature, topK, topP, other, penalties, seed);
  }

  public Sampling with(Penalties other) {
    return new Sampling(temperature, topK, topP, minP, other, seed);
  }
}
