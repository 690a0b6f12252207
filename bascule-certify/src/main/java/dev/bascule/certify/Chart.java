package dev.bascule.certify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Plots as inline SVG, which need no script and no network. */
final class Chart {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 260;
  private static final int BAR_HEIGHT = 34;
  private static final int LEFT = 70;
  private static final int BOTTOM = 44;
  private static final int TOP = 14;
  private static final String[] COLOURS = {"#1f5fa8", "#c2571a", "#3a8f3a"};

  private final StringBuilder svg = new StringBuilder();

  private Chart(String title, int height) {
    add(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH,
            height,
            WIDTH,
            height,
            Page.escape(title)));
  }

  /** A line of a logarithmic plot: a name, and a value for each place; 0 is drawn at the floor. */
  record Line(String name, List<Double> values) {
    Line {
      values = List.copyOf(values);
    }

    static <T> Line of(String name, List<T> rows, ToDoubleFunction<T> value) {
      return new Line(name, rows.stream().map(value::applyAsDouble).toList());
    }
  }

  /** A bar, with its value written on it. */
  record Bar(String name, double value, String text, int colour) {}

  /** Values from {@code 10^-18} up over the places {@code labels}, which a pointer shows. */
  static String lines(String title, List<String> labels, List<Line> lines) {
    Chart chart = new Chart(title, HEIGHT);
    double highest = 1e-6;
    double lowest = 1;
    for (Line line : lines) {
      for (double value : line.values) {
        if (value > 0 && Double.isFinite(value)) {
          highest = Math.max(highest, value);
          lowest = Math.min(lowest, value);
        }
      }
    }
    int top = (int) Math.ceil(Math.log10(highest));
    int floor = Math.min(top - 2, (int) Math.floor(Math.log10(lowest)) - 1);
    for (int exponent = floor; exponent <= top; exponent += Math.max(1, (top - floor) / 8)) {
      double y = chart.y(exponent, floor, top);
      chart.add(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
              LEFT,
              y,
              WIDTH - 10,
              y));
      chart.text(LEFT - 8, y + 4, "end", exponent == floor ? "0" : "1e" + exponent);
    }
    for (int i = 0; i < lines.size(); i++) {
      chart.line(lines.get(i), labels, i, floor, top);
    }
    chart.text(LEFT, HEIGHT - 8, "start", labels.isEmpty() ? "" : labels.getFirst());
    chart.text(WIDTH - 10, HEIGHT - 8, "end", labels.isEmpty() ? "" : labels.getLast());
    return chart.end();
  }

  private double y(double exponent, int floor, int top) {
    return TOP + (top - exponent) / (top - floor) * (HEIGHT - BOTTOM - TOP);
  }

  private void line(Line line, List<String> labels, int number, int floor, int top) {
    List<String> points = new ArrayList<>();
    StringBuilder marks = new StringBuilder();
    String colour = COLOURS[number % COLOURS.length];
    double step = (WIDTH - 20.0 - LEFT) / Math.max(1, line.values.size() - 1);
    for (int i = 0; i < line.values.size(); i++) {
      double value = line.values.get(i);
      if (!Double.isNaN(value)) {
        double exponent = value > 0 ? Math.clamp(Math.log10(value), floor, top) : floor;
        double x = LEFT + i * step;
        double y = y(exponent, floor, top);
        points.add(String.format(Locale.ROOT, "%.1f,%.1f", x, y));
        marks.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>%s, %s: %.3g</title></circle>%n",
                x,
                y,
                colour,
                Page.escape(labels.get(i)),
                Page.escape(line.name),
                value));
      }
    }
    add(
        String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>%n%s",
            String.join(" ", points),
            colour,
            marks));
    add(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"4\" fill=\"%s\"/>%n",
            LEFT + 10 + 250 * number,
            HEIGHT - 30,
            colour));
    text(LEFT + 28 + 250 * number, HEIGHT - 25, "start", line.name);
  }

  /** How often each value came, on a logarithmic scale so that rare ones are seen. */
  static String histogram(String title, Histogram histogram) {
    Chart chart = new Chart(title, HEIGHT);
    long most = histogram.counts().stream().mapToLong(Long::longValue).max().orElse(1);
    int bins = histogram.counts().size();
    double width = (WIDTH - 20.0 - LEFT) / bins;
    for (int i = 0; i < bins; i++) {
      long count = histogram.counts().get(i);
      double height =
          count == 0
              ? 0
              : (HEIGHT - BOTTOM - TOP)
                  * (1 + Math.log((double) count))
                  / (1 + Math.log((double) most));
      double middle = histogram.largest() * (2.0 * i / (bins - 1) - 1);
      chart.add(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>around %.3g: %,d</title></rect>%n",
              LEFT + i * width,
              HEIGHT - BOTTOM - height,
              width - 1,
              height,
              COLOURS[0],
              middle,
              count));
    }
    chart.text(
        LEFT, HEIGHT - 20, "start", String.format(Locale.ROOT, "%.3g", -histogram.largest()));
    chart.text(LEFT + bins * width / 2, HEIGHT - 20, "middle", "0");
    chart.text(
        WIDTH - 20, HEIGHT - 20, "end", String.format(Locale.ROOT, "%.3g", histogram.largest()));
    chart.text(LEFT - 8, TOP + 8, "end", String.format(Locale.ROOT, "%,d", most));
    return chart.end();
  }

  /** Bars from 0 to the largest, one below the other. */
  static String bars(String title, List<Bar> bars) {
    Chart chart = new Chart(title, BAR_HEIGHT * bars.size() + 10);
    double most = bars.stream().mapToDouble(Bar::value).filter(Double::isFinite).max().orElse(1);
    double step = BAR_HEIGHT;
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      double share = most > 0 && Double.isFinite(bar.value) ? bar.value / most : 0;
      double y = 5 + i * step;
      chart.text(LEFT + 130, y + step / 2, "end", bar.name);
      chart.add(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n",
              LEFT + 140,
              y,
              share * (WIDTH - LEFT - 400),
              step * 0.7,
              COLOURS[bar.colour]));
      chart.text(LEFT + 150 + share * (WIDTH - LEFT - 400), y + step / 2, "start", bar.text);
    }
    return chart.end();
  }

  private void text(double x, double y, String anchor, String text) {
    add(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            Page.escape(text)));
  }

  private void add(String markup) {
    svg.append(markup);
  }

  private String end() {
    return svg.append("</svg>\n").toString();
  }
}
