package dev.bascule.plan.performance;

import dev.bascule.plan.PlanException;

/**
 * How one copy of a model lies on chips. Attention is split over {@code tensor} chips and repeated
 * (with other sequences) on the rest; experts are spread over {@code expert} chips; layers are cut
 * into {@code pipeline} stages of all that.
 */
public record Layout(int tensor, int expert, int pipeline) {
  public Layout {
    if (tensor < 1 || expert < 1 || pipeline < 1) {
      throw new PlanException(
          "a layout needs at least 1 way of each parallelism, got "
              + tensor
              + ":"
              + expert
              + ":"
              + pipeline);
    }
  }

  public Layout(int tensor, int expert) {
    this(tensor, expert, 1);
  }

  /** Chips of one stage. */
  int group() {
    return Math.max(tensor, expert);
  }

  /** Chips of one copy. */
  public int chips() {
    return group() * pipeline;
  }

  public String text() {
    return "TP"
        + tensor
        + (expert > 1 ? " EP" + expert : "")
        + (pipeline > 1 ? " PP" + pipeline : "");
  }
}
