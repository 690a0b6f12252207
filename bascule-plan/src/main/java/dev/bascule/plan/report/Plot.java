package dev.bascule.plan.report;

import dev.bascule.plan.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines and points over two logarithmic axes, as SVG. */
final class Plot {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 400;
  private static final int LEFT = 64;
  private static final int RIGHT = 16;
  private static final int TOP = 12;
  private static final int BOTTOM = 48;

  /** Distinct also in grey and for the colour-blind (Okabe and Ito), with dashes to help. */
  static final String[] COLOURS = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#555555", "#e69f00"
  };

  private static final String[] DASHES = {"", "7 3", "2 3", "9 3 2 3", "4 2", "", "7 3", "2 3"};

  private final String xLabel;
  private final String yLabel;
  private final List<Series> series = new ArrayList<>();

  /** A line, or points with marks and labels. */
  private record Series(String name, double[] x, double[] y, boolean isLine, int colour) {}

  Plot(String xLabel, String yLabel) {
    this.xLabel = xLabel;
    this.yLabel = yLabel;
  }

  Plot line(String name, double[] x, double[] y, int colour) {
    series.add(new Series(name, x.clone(), y.clone(), true, colour));
    return this;
  }

  Plot point(String name, double x, double y, int colour) {
    series.add(new Series(name, new double[] {x}, new double[] {y}, false, colour));
    return this;
  }

  boolean isEmpty() {
    return series.isEmpty();
  }

  private double[] span(boolean horizontal) {
    double low = Double.MAX_VALUE;
    double high = 0;
    for (Series one : series) {
      for (double value : horizontal ? one.x() : one.y()) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return new double[] {Math.log10(low * 0.9), Math.log10(high * 1.15)};
  }

  String svg(String title) {
    double[] xs = span(true);
    double[] ys = span(false);
    StringBuilder svg = new StringBuilder();
    svg.append(
        format(
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
            WIDTH, HEIGHT + 22 * legendLines(), Html.escape(title)));
    grid(svg, xs, true);
    grid(svg, ys, false);
    svg.append(
        format(
            "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
            (WIDTH + LEFT) / 2, HEIGHT - 8, Html.escape(xLabel)));
    svg.append(
        format(
            "<text class=\"axis\" transform=\"translate(14 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
            HEIGHT / 2, Html.escape(yLabel)));
    for (Series one : series) {
      draw(svg, one, xs, ys);
    }
    legend(svg);
    return svg.append("</svg>").toString();
  }

  private static double x(double value, double[] span) {
    return LEFT + (Math.log10(value) - span[0]) / (span[1] - span[0]) * (WIDTH - LEFT - RIGHT);
  }

  private static double y(double value, double[] span) {
    return HEIGHT
        - BOTTOM
        - (Math.log10(value) - span[0]) / (span[1] - span[0]) * (HEIGHT - TOP - BOTTOM);
  }

  private static void grid(StringBuilder svg, double[] span, boolean horizontal) {
    for (int decade = (int) Math.floor(span[0]); decade <= span[1]; decade++) {
      for (int step : new int[] {1, 2, 5}) {
        double value = step * Math.pow(10, decade);
        double at = Math.log10(value);
        if (at < span[0] || at > span[1]) {
          continue;
        }
        if (horizontal) {
          double x = x(value, span);
          svg.append(
              format(
                  "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                  x, TOP, x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 17, Figure.digits(value)));
        } else {
          double y = y(value, span);
          svg.append(
              format(
                  "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                  LEFT, y, WIDTH - RIGHT, y, LEFT - 6, y + 4, Figure.digits(value)));
        }
      }
    }
  }

  private static void draw(StringBuilder svg, Series one, double[] xs, double[] ys) {
    String colour = COLOURS[one.colour() % COLOURS.length];
    if (one.isLine()) {
      StringBuilder points = new StringBuilder();
      for (int i = 0; i < one.x().length; i++) {
        points.append(format("%.1f,%.1f ", x(one.x()[i], xs), y(one.y()[i], ys)));
      }
      svg.append(
          format(
              "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" points=\"%s\"><title>%s</title></polyline>",
              colour, DASHES[one.colour() % DASHES.length], points, Html.escape(one.name())));
    } else {
      svg.append(
          format(
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\" stroke=\"white\"><title>%s</title></circle>",
              x(one.x()[0], xs), y(one.y()[0], ys), colour, Html.escape(one.name())));
    }
  }

  private int legendLines() {
    return (int) ((series.stream().filter(Series::isLine).count() + 1) / 2);
  }

  private void legend(StringBuilder svg) {
    int at = 0;
    for (Series one : series) {
      if (one.isLine()) {
        int x = LEFT + (at % 2) * (WIDTH - LEFT) / 2;
        int y = HEIGHT + 14 + 22 * (at / 2);
        svg.append(
            format(
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\" stroke-dasharray=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>",
                x,
                y - 4,
                x + 26,
                y - 4,
                COLOURS[one.colour() % COLOURS.length],
                DASHES[one.colour() % DASHES.length],
                x + 32,
                y,
                Html.escape(one.name())));
        at++;
      }
    }
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
