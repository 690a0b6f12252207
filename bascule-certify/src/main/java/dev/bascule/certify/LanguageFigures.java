package dev.bascule.certify;

/**
 * Two runs of a language model over one text. Token i + 1 is what logits i should foretell.
 *
 * @param tokens how many were read
 * @param meanKl Kullback-Leibler divergence of the second run's distributions from the first's, in
 *     nats a token, on average
 * @param maxKl its largest
 * @param top1 share of the tokens after which both hold the same next token for the likeliest
 * @param firstPerplexity exp of the mean negative log-likelihood of the text under the first run
 * @param secondPerplexity the same of the second
 */
public record LanguageFigures(
    long tokens,
    double meanKl,
    double maxKl,
    double top1,
    double firstPerplexity,
    double secondPerplexity) {

  /**
   * @param first logits [tokens, vocabulary] of the first run, row by row
   * @param second of the second
   */
  static LanguageFigures of(float[] first, float[] second, int[] ids) {
    int vocabulary = first.length / ids.length;
    double klSum = 0;
    double klMax = 0;
    int agreeing = 0;
    double firstLoss = 0;
    double secondLoss = 0;
    for (int token = 0; token < ids.length; token++) {
      int from = token * vocabulary;
      double firstLog = logSumExp(first, from, vocabulary);
      double secondLog = logSumExp(second, from, vocabulary);
      double kl = 0;
      for (int i = from; i < from + vocabulary; i++) {
        double p = first[i] - firstLog;
        double q = second[i] - secondLog;
        kl += Math.exp(p) * (p - q);
      }
      // below 0 there is only rounding
      kl = Math.max(kl, 0);
      klSum += kl;
      klMax = Math.max(klMax, kl);
      agreeing += likeliest(first, from, vocabulary) == likeliest(second, from, vocabulary) ? 1 : 0;
      if (token + 1 < ids.length) {
        firstLoss += firstLog - first[from + ids[token + 1]];
        secondLoss += secondLog - second[from + ids[token + 1]];
      }
    }
    int foretold = Math.max(1, ids.length - 1);
    return new LanguageFigures(
        ids.length,
        klSum / ids.length,
        klMax,
        (double) agreeing / ids.length,
        Math.exp(firstLoss / foretold),
        Math.exp(secondLoss / foretold));
  }

  private static double logSumExp(float[] logits, int from, int count) {
    double largest = logits[from + likeliest(logits, from, count)];
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(logits[i] - largest);
    }
    return largest + Math.log(sum);
  }

  private static int likeliest(float[] logits, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      best = logits[from + i] > logits[from + best] ? i : best;
    }
    return best;
  }
}
