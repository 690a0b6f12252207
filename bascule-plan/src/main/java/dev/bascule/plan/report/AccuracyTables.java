package dev.bascule.plan.report;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Measurement;
import dev.bascule.plan.performance.Accuracy;
import dev.bascule.plan.performance.Efficiency;
import java.util.Locale;

/** The tables of {@code plan accuracy}. */
public record AccuracyTables(Accuracy accuracy) {

  /** Errors by phase. */
  public Grid summary() {
    Grid grid =
        new Grid(
            "phase",
            "rows",
            "median by fit",
            "worst by fit",
            "median held out",
            "worst held out",
            "median, family held out",
            "worst");
    accuracy
        .summaries()
        .forEach((phase, s) ->
            grid.row(
                phase.name().toLowerCase(Locale.ROOT),
                s.rows(),
                percent(s.fittedMedian()),
                percent(s.fittedWorst()),
                percent(s.heldMedian()),
                percent(s.heldWorst()),
                percent(s.strangeMedian()),
                percent(s.strangeWorst())));
    return grid;
  }

  /** Every usable row. */
  public Grid rows() {
    Grid grid =
        new Grid(
            "row",
            "model",
            "chip",
            "phase",
            "measured tok/s/chip",
            "by fit",
            "error",
            "held out",
            "error held out",
            "error, family held out",
            "assumed",
            "source");
    for (Accuracy.Line line : accuracy.lines()) {
      Measurement m = line.measurement();
      grid.row(
          m.id(),
          m.model(),
          m.chip(),
          line.phase().name().toLowerCase(Locale.ROOT),
          whole(line.measured()),
          whole(line.fitted()),
          signed(line.fittedError()),
          whole(line.held()),
          signed(line.heldError()),
          signed(line.strangeError()),
          m.why(),
          m.row().source());
    }
    return grid;
  }

  /** The rows that stay out. */
  public Grid unusable() {
    Grid grid = new Grid("row", "model", "chip", "why it is not used");
    for (Measurement m : accuracy.unusable()) {
      grid.row(m.id(), m.model(), m.chip(), m.why());
    }
    return grid;
  }

  /** The fitted shares. */
  public Grid efficiencies() {
    Efficiency e = accuracy.efficiency();
    Grid grid = new Grid("share", "value");
    grid.row(
        "matrix products in prefill, of the sustained rate", Figure.digits(e.prefillCompute()));
    grid.row("matrix products in decode", Figure.digits(e.decodeCompute()));
    grid.row("memory, of its peak", Figure.digits(e.memory()));
    grid.row("passes over the activations of a layer", Figure.digits(e.vector()));
    grid.row("links (above 1: the rest hides behind computing)", Figure.digits(e.link()));
    grid.row("microseconds of a dense layer's launches", Figure.digits(e.launchSeconds() * 1e6));
    grid.row("experts, of other matrix products", Figure.digits(e.experts()));
    grid.row("both phases by turns, of each alone", Figure.digits(e.serving()));
    grid.row("training step with experts, of the sustained rate", Figure.digits(e.training()));
    e.families()
        .forEach((family, slow) ->
            grid.row(
                "family " + family + ": time of prefill and decode beside the common one",
                Figure.digits(slow[0]) + " and " + Figure.digits(slow[1])));
    return grid;
  }

  public String text() {
    return rows().text()
        + "\nNot used:\n"
        + unusable().text()
        + "\n"
        + efficiencies().text()
        + "\n"
        + summary().text();
  }

  public String markdown() {
    return "\n"
        + summary().markdown()
        + "\n"
        + rows().markdown()
        + "\nRows that are not used, and why:\n\n"
        + unusable().markdown()
        + "\nThe fitted shares:\n\n"
        + efficiencies().markdown()
        + "\n";
  }

  private static String whole(double rate) {
    return rate < 100 ? Figure.digits(rate) : Figure.digits(Math.rint(rate));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String signed(double share) {
    return String.format(Locale.ROOT, "%+.1f %%", 100 * share);
  }
}
