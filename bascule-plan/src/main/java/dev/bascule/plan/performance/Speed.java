package dev.bascule.plan.performance;

import dev.bascule.plan.Figure;
import java.util.Optional;

/**
 * How fast a work runs on a chip in a layout: the roofline with fitted efficiencies, and the range
 * that the chip's figures and the errors on unseen systems leave.
 */
public final class Speed {
  /** Prompt tokens that serving engines take into one step on each chip. */
  public static final int CHUNK_TOKENS = 16384;

  /** A family that nobody measured may be off by more than those that were. */
  private static final double UNKNOWN_FAMILY_WIDENING = 1.5;

  private final Efficiency efficiency;
  private final Sustained sustained;

  public Speed(Efficiency efficiency, Sustained sustained) {
    this.efficiency = efficiency;
    this.sustained = sustained;
  }

  public Efficiency efficiency() {
    return efficiency;
  }

  public Sustained sustained() {
    return sustained;
  }

  public Hardware hardware(dev.bascule.plan.catalogue.Chip chip, Hardware.End end) {
    return Hardware.of(chip, sustained, end);
  }

  private static String family(Hardware hardware) {
    return hardware.chip().family();
  }

  /** Seconds of a step that reads {@code tokens} prompt tokens on each chip. */
  public double prefillSeconds(Hardware hardware, Work work, Layout layout, double tokens) {
    return Roofline.prefill(hardware, work, layout, tokens)
        .total(efficiency, Efficiency.Phase.PREFILL, family(hardware));
  }

  /** Seconds of a step that adds to {@code batch} sequences on each chip. */
  public double decodeSeconds(Hardware hardware, Work work, Layout layout, double batch) {
    return Roofline.decode(hardware, work, layout, batch)
        .total(efficiency, Efficiency.Phase.DECODE, family(hardware));
  }

  /** Prompt tokens per second and chip where the cache has none of them. */
  public double prefillRate(Hardware hardware, Work work, Layout layout, double tokens) {
    return tokens / prefillSeconds(hardware, work, layout, tokens);
  }

  /** Seconds per token of an answer. */
  public double secondsPerToken(Hardware hardware, Work work, Layout layout, double batch) {
    return decodeSeconds(hardware, work, layout, batch) / work.tokensPerStep();
  }

  /** Answer tokens per second and chip. */
  public double decodeRate(Hardware hardware, Work work, Layout layout, double batch) {
    return batch / secondsPerToken(hardware, work, layout, batch);
  }

  /** Answer tokens per second and chip that reads the prompts too. */
  public double serveRate(Hardware hardware, Work work, Layout layout, double batch) {
    return serveRate(hardware, work, layout, batch, promptSeconds(hardware, work, layout));
  }

  /** The same with what {@link #promptSeconds(Hardware, Work, Layout)} gave, for many batches. */
  public double serveRate(
      Hardware hardware, Work work, Layout layout, double batch, double promptSeconds) {
    double answer = 1 / decodeRate(hardware, work, layout, batch);
    return efficiency.serving() / (promptSeconds + answer);
  }

  /** Seconds of a chip's reading prompts for each token of the answers. */
  public double promptSeconds(Hardware hardware, Work work, Layout layout) {
    return promptSeconds(work, prefillRate(hardware, work, layout, CHUNK_TOKENS));
  }

  /** Seconds of reading prompts for each token of the answers. */
  static double promptSeconds(Work work, double prefillRate) {
    return work.input() * (1 - work.prefixHits()) / Math.max(1, work.output()) / prefillRate;
  }

  /**
   * The largest batch on each chip that keeps a time per token; empty where even one sequence is
   * too slow or nothing fits.
   */
  public Optional<Double> batchFor(
      Hardware hardware, Work work, Layout layout, double secondsPerTokenMax) {
    double most = MemoryFit.of(hardware, work, layout).sequencesMax(layout);
    double least = 1.0 / layout.chips();
    if (most < least || secondsPerToken(hardware, work, layout, least) > secondsPerTokenMax) {
      return Optional.empty();
    }
    if (secondsPerToken(hardware, work, layout, most) <= secondsPerTokenMax) {
      return Optional.of(most);
    }
    double low = least;
    double high = most;
    for (int i = 0; i < 30; i++) {
      double middle = Math.sqrt(low * high);
      if (secondsPerToken(hardware, work, layout, middle) <= secondsPerTokenMax) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Optional.of(low);
  }

  /** How far the truth may be from a prediction, as a factor above 1; four of five are nearer. */
  public double spread(String family, String phase) {
    Efficiency.Spread spread = efficiency.spreads().get(phase);
    double wide = spread == null ? 0.3 : spread.wide();
    return Math.exp(efficiency.knows(family) ? wide : wide * UNKNOWN_FAMILY_WIDENING);
  }

  /** A rate with its range: the chip's figures at their ends, and the model's own error. */
  public Figure range(
      String family, String phase, double lowFigures, double value, double highFigures) {
    double spread = spread(family, phase);
    return new Figure(
        Math.min(lowFigures, value) / spread, value, Math.max(highFigures, value) * spread);
  }
}
