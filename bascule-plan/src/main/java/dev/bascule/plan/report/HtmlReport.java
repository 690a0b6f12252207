package dev.bascule.plan.report;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Demand;
import dev.bascule.plan.performance.Efficiency.Phase;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Hardware.End;
import dev.bascule.plan.performance.Roofline;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Best;
import dev.bascule.plan.placement.Best.Ranked;
import dev.bascule.plan.placement.Justification;
import dev.bascule.plan.placement.Option;
import dev.bascule.plan.placement.Option.Pool;
import dev.bascule.plan.placement.Option.Role;
import dev.bascule.plan.placement.Search;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One page about a search: self-contained, without a script and without the network. */
public final class HtmlReport {
  private static final int PLACEMENTS_MAX = 15;
  private static final int CHIPS_MAX = 6;
  private static final double[] MILLIS = {10, 15, 20, 30, 40, 50, 70, 100, 150, 200};

  private final Speed speed;
  private final Search search;
  private final Work work;
  private final Best best;
  private final LocalDate date;

  public HtmlReport(Speed speed, Search search, Work work, Best best, LocalDate date) {
    this.speed = speed;
    this.search = search;
    this.work = work;
    this.best = best;
    this.date = date;
  }

  public String page() {
    String title = work.model().name() + ": which chips";
    StringBuilder html = new StringBuilder();
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
        .append(Html.escape(title))
        .append("</title><style>")
        .append(Html.STYLE)
        .append("</style></head><body>\n<h1>")
        .append(Html.escape(title))
        .append("</h1>\n");
    lead(html);
    section(html, "Placements", Html.table(placements()));
    if (!best.refused().isEmpty()) {
      section(html, "Kept out by rules", Html.table(refused()));
    }
    List<Pool> pools = poolsOfEachChip();
    if (!pools.isEmpty()) {
      section(html, "Where the time of an answer's step goes", bars(pools));
      section(html, "Roofline", roofline(pools));
    }
    Plot curve = costAgainstLatency();
    if (!curve.isEmpty()) {
      section(
          html,
          "Cost against time per token",
          curve.svg("cost against time per token")
              + note("One pool for prompts and answers; chips whose price is known."));
    }
    rulesThatStruck(html);
    section(html, "Chips that do not do", Html.table(unfit()));
    section(html, "Rows that were used", Html.table(rows()));
    return html.append("</body></html>\n").toString();
  }

  private static void section(StringBuilder html, String heading, String body) {
    html.append("<section><h2>")
        .append(Html.escape(heading))
        .append("</h2>")
        .append(body)
        .append("</section>\n");
  }

  private static String note(String text) {
    return "<p class=\"quiet\">" + Html.escape(text) + "</p>";
  }

  private void lead(StringBuilder html) {
    html.append("<p class=\"lead\">")
        .append(
            best.ranked().isEmpty()
                ? "No placement meets the targets and the rules."
                : Html.escape("Best: " + best.ranked().getFirst().option().text() + "."))
        .append("</p><p>")
        .append(
            Html.escape(
                work.input()
                    + " tokens in, "
                    + work.output()
                    + " out, at most "
                    + Figure.digits(search.targets().secondsPerToken() * 1000)
                    + " ms per token. Rules as of "
                    + date
                    + ". A number in brackets is a range: where sources disagree, and how far"
                    + " predictions were off on systems that the model had not seen (four of five are"
                    + " nearer)."))
        .append("</p>")
        .append(note(Justification.NOTICE));
  }

  private Grid placements() {
    Grid grid =
        new Grid(
            "placement",
            "tok/s/chip",
            "ms per token",
            "s to first",
            "USD per million tokens",
            "kW",
            "rules");
    for (Ranked ranked : best.shown(PLACEMENTS_MAX)) {
      Option option = ranked.option();
      grid.row(
          option.text(),
          option.rate().text(),
          Figure.digits(option.secondsPerToken().value() * 1000),
          Figure.digits(option.secondsToFirst().value()),
          option.usdPerMillion().map(Figure::text).orElse(option.costGap()),
          option.watts().map(w -> Figure.digits(w.value() / 1000)).orElse("-"),
          ranked.rules());
    }
    return grid;
  }

  private Grid refused() {
    Grid grid = new Grid("chip", "verdict", "because");
    for (Best.Refused one : best.refused()) {
      grid.row(
          one.chip().name(),
          one.decision().verdict().text(),
          String.join("\n", Justification.explain(one.decision())));
    }
    return grid;
  }

  private Grid unfit() {
    Grid grid = new Grid("chip", "why not");
    best.unfit().forEach(grid::row);
    return grid;
  }

  private Grid rows() {
    Grid grid = new Grid("row", "source", "confidence", "disagreements");
    grid.row(
        work.model().name() + ", " + work.model().row().place(),
        work.model().row().source(),
        work.model().row().confidence(),
        work.model().notes());
    for (Chip chip : chips()) {
      grid.row(
          chip.name() + ", " + chip.row().place(),
          chip.row().source(),
          chip.row().confidence(),
          chip.disagreements());
    }
    return grid;
  }

  private List<Chip> chips() {
    return best.shown(PLACEMENTS_MAX).stream()
        .flatMap(ranked -> ranked.option().kinds().stream())
        .distinct()
        .toList();
  }

  /** The best pool that answers on each of the best chips. */
  private List<Pool> poolsOfEachChip() {
    Map<String, Pool> pools = new LinkedHashMap<>();
    for (Ranked ranked : best.ranked()) {
      for (Pool pool : ranked.option().pools()) {
        if (pool.role() != Role.PROMPTS && pools.size() < CHIPS_MAX) {
          pools.putIfAbsent(pool.chip().name(), pool);
        }
      }
    }
    return List.copyOf(pools.values());
  }

  private Demand demand(Pool pool) {
    return Roofline.decode(
        speed.hardware(pool.chip(), End.VALUE),
        work.withWeights(pool.weights()),
        pool.layout(),
        pool.batch());
  }

  /** One bar for each chip, cut into the parts of a step. */
  private String bars(List<Pool> pools) {
    int row = 46;
    int left = 8;
    int width = 704;
    List<Map<String, Double>> parts = new ArrayList<>();
    double longest = 0;
    for (Pool pool : pools) {
      Map<String, Double> seconds =
          demand(pool).seconds(speed.efficiency(), Phase.DECODE, pool.chip().family());
      parts.add(seconds);
      longest = Math.max(longest, seconds.values().stream().mapToDouble(d -> d).sum());
    }
    StringBuilder svg = new StringBuilder();
    svg.append(
        Plot.format(
            "<svg viewBox=\"0 0 720 %d\" role=\"img\" aria-label=\"where the time goes\">",
            row * pools.size() + 22 * 4 + 10));
    for (int i = 0; i < pools.size(); i++) {
      double x = left;
      double total = parts.get(i).values().stream().mapToDouble(d -> d).sum();
      svg.append(
          Plot.format(
              "<text x=\"%d\" y=\"%d\">%s, batch %s per chip: %s ms a step</text>",
              left,
              row * i + 15,
              Html.escape(pools.get(i).chip().name()),
              Figure.digits(pools.get(i).batch()),
              Figure.digits(total * 1000)));
      int colour = 0;
      for (Map.Entry<String, Double> part : parts.get(i).entrySet()) {
        double length = part.getValue() / longest * width;
        svg.append(
            Plot.format(
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\" stroke=\"white\"><title>%s %s ms</title></rect>",
                x,
                row * i + 20,
                length,
                Plot.COLOURS[colour % Plot.COLOURS.length],
                Html.escape(part.getKey()),
                Figure.digits(part.getValue() * 1000)));
        x += length;
        colour++;
      }
    }
    int colour = 0;
    for (String name : parts.getFirst().keySet()) {
      int x = left + (colour % 2) * 350;
      int y = row * pools.size() + 20 + 22 * (colour / 2);
      svg.append(
          Plot.format(
              "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>",
              x, y - 11, Plot.COLOURS[colour % Plot.COLOURS.length], x + 20, y + 1, name));
      colour++;
    }
    return svg.append("</svg>").toString();
  }

  /** Sustained BF16 rate over operations for each byte, and where the placements' steps lie. */
  private String roofline(List<Pool> pools) {
    Plot plot = new Plot("operations for each byte read", "TFLOPS of a chip");
    for (int i = 0; i < pools.size(); i++) {
      Pool pool = pools.get(i);
      Hardware hardware = speed.hardware(pool.chip(), End.VALUE);
      double peak = hardware.eightBitRate().orElse(hardware.bf16Rate());
      double ridge = peak / hardware.memoryRate();
      plot.line(
          pool.chip().name(),
          new double[] {10, ridge, Math.max(3000, ridge * 1.01)},
          new double[] {10 * hardware.memoryRate() / 1e12, peak / 1e12, peak / 1e12},
          i);
      Demand demand = demand(pool);
      double bytes = (demand.weightReads() + demand.cacheReads()) * hardware.memoryRate();
      double tokens = pool.batch() * (1 + work.drafted());
      double operations =
          tokens
              * (2.0 * (work.model().activeParameters() - work.model().embeddingParameters())
                  + work.model().attentionOperations(work.middleContext(), true));
      double seconds = demand.total(speed.efficiency(), Phase.DECODE, pool.chip().family());
      plot.point(
          pool.chip().name() + ": " + Figure.digits(operations / seconds / 1e12) + " TFLOPS",
          operations / bytes,
          operations / seconds / 1e12,
          i);
    }
    return plot.svg("roofline")
        + note(
            "Lines: what a chip sustains in 8 bits (16 where it has no 8) and its memory's peak. Points: the predicted step of an"
                + " answer; what keeps it below the line is in the bars above.");
  }

  private Plot costAgainstLatency() {
    Plot plot = new Plot("time per token, ms", "USD per million answer tokens");
    int colour = 0;
    for (Pool pool : poolsOfEachChip()) {
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (double millis : MILLIS) {
        Optional<Option> option =
            search
                .withSecondsPerToken(millis / 1000)
                .together(pool.chip(), work.withWeights(pool.weights()));
        option
            .flatMap(Option::usdPerMillion)
            .ifPresent(usd -> {
              x.add(millis);
              y.add(usd.value());
            });
      }
      if (x.size() > 1) {
        plot.line(
            pool.chip().name(),
            x.stream().mapToDouble(d -> d).toArray(),
            y.stream().mapToDouble(d -> d).toArray(),
            colour);
      }
      colour++;
    }
    return plot;
  }

  /** The rules behind the placements that are allowed: a reason may be wanted for some. */
  private void rulesThatStruck(StringBuilder html) {
    Grid grid = new Grid("chip", "verdict", "because");
    Map<String, String> seen = new LinkedHashMap<>();
    for (Ranked ranked : best.shown(PLACEMENTS_MAX)) {
      ranked
          .decisions()
          .forEach((chip, decision) -> {
            String because = String.join("\n", Justification.explain(decision));
            if (!because.isEmpty() && seen.put(chip, because) == null) {
              grid.row(chip, decision.verdict().text(), because);
            }
          });
    }
    if (!grid.isEmpty()) {
      section(html, "Rules that struck the placements above", Html.table(grid));
    }
  }
}
