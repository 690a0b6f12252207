package dev.bascule.certify;

import dev.bascule.formats.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** A certificate for people: verdict first, then figures and plots, then what ran. */
public final class CertificatePage {
  private final Certificate certificate;
  private final String first;
  private final String second;
  private final Page page;

  private CertificatePage(Certificate certificate) {
    this.certificate = certificate;
    this.first = name(0);
    this.second = name(1);
    this.page = new Page("Certificate: " + second + " against " + first);
  }

  /** What tells a side from the other: its file, its cache or its device. */
  private String name(int side) {
    Map<String, Object> model = certificate.models().get(side);
    Map<String, Object> other = certificate.models().get(1 - side);
    String device = certificate.devices().get(side).name();
    Object cache = model.get("cache");
    String path = String.valueOf(model.get("path"));
    String name = path.equals(String.valueOf(other.get("path"))) ? device : fileName(path);
    return Objects.equals(cache, other.get("cache")) ? name : name + ", cache " + cache;
  }

  private static String fileName(String path) {
    return String.valueOf(Path.of(path).getFileName());
  }

  /** Writes a page that needs nothing but itself. */
  public static void write(Certificate certificate, Path path) throws IOException {
    AtomicFile.write(path, of(certificate));
  }

  static String of(Certificate certificate) {
    return new CertificatePage(certificate).html();
  }

  private String html() {
    verdict();
    outputs();
    certificate.language().ifPresent(this::language);
    certificate.histogram().filter(h -> h.largest() > 0).ifPresent(this::histogram);
    layers();
    repetitions();
    sources();
    return page.end();
  }

  private void verdict() {
    List<String> lines = new ArrayList<>(certificate.broken());
    if (certificate.limits().isEmpty()) {
      lines.add("No limits were stated: these are figures, not a judgement.");
    }
    lines.add(
        certificate.isEqual()
            ? "Zero bits differ."
            : "Some bits differ; the first op whose result differs though what it reads is equal: "
                + place(certificate.firstDifference())
                + ". The first that makes a difference above rounding: "
                + place(certificate.firstAboveRounding())
                + ".");
    page.verdict(
        certificate.isPassed(), certificate.isPassed() ? "Within limits" : "Limits broken", lines);
  }

  private static String place(Optional<OpFigures> op) {
    return op.map(OpFigures::place).orElse("none");
  }

  private void outputs() {
    page.heading("Outputs");
    page.paragraph(
        "Differences of "
            + second
            + " from "
            + first
            + "; f64 is the same model without rounding,"
            + " on a sample of the input.");
    List<List<String>> rows = new ArrayList<>();
    for (OutputFigures output : certificate.outputs()) {
      Difference between = output.between();
      rows.add(
          List.of(
              output.name(),
              String.format(Locale.ROOT, "%,d", between.elements()),
              String.format(Locale.ROOT, "%,d", between.differing()),
              number(between.largest()),
              number(between.mean()),
              number(between.relative()),
              output.firstError().map(e -> number(e.relative())).orElse("not computed"),
              output.secondError().map(e -> number(e.relative())).orElse("not computed")));
    }
    page.table(
        List.of(
            "output",
            "numbers",
            "differing",
            "largest",
            "mean",
            "relative (rms)",
            first + " from f64",
            second + " from f64"),
        rows);
  }

  private void language(LanguageFigures figures) {
    page.heading("As a language model");
    page.paragraph(
        String.format(
            Locale.ROOT,
            "%d tokens, teacher-forced. KL divergence %s nats a token on average, %s at most.",
            figures.tokens(),
            number(figures.meanKl()),
            number(figures.maxKl())));
    page.chart(
        Chart.bars(
            "top-1 agreement",
            List.of(
                new Chart.Bar("top-1 agreement", figures.top1(), percent(figures.top1()), 2),
                new Chart.Bar("all tokens", 1, "100 %", 0))));
    page.chart(
        Chart.bars(
            "perplexity",
            List.of(
                new Chart.Bar(
                    "perplexity",
                    figures.firstPerplexity(),
                    number(figures.firstPerplexity()) + "  " + first,
                    0),
                new Chart.Bar(
                    "perplexity",
                    figures.secondPerplexity(),
                    number(figures.secondPerplexity()) + "  " + second,
                    1))));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  private void histogram(Histogram histogram) {
    page.heading("Differences of " + certificate.outputs().getFirst().name());
    page.paragraph("How many numbers moved how far; the height is logarithmic.");
    page.chart(Chart.histogram("differences", histogram));
  }

  /** The largest figures of a layer. */
  private record LayerFigures(double between, double firstError, double secondError) {
    LayerFigures with(OpFigures op) {
      return new LayerFigures(
          Math.max(between, op.between().relative()),
          Math.max(firstError, op.firstError().orElse(0)),
          Math.max(secondError, op.secondError().orElse(0)));
    }
  }

  private void layers() {
    Map<String, LayerFigures> layers = new LinkedHashMap<>();
    boolean isTrue = certificate.ops().stream().anyMatch(op -> op.firstError().isPresent());
    for (OpFigures op : certificate.ops()) {
      if (op.layer().isEmpty() && isTrue && op.firstError().isEmpty()) {
        continue; // positions and the like, which have no error to show
      }
      String key = op.layer().map(layer -> "layer " + layer).orElse(op.label());
      layers.merge(key, new LayerFigures(0, 0, 0).with(op), (old, one) -> old.with(op));
    }
    List<String> labels = List.copyOf(layers.keySet());
    List<LayerFigures> figures = List.copyOf(layers.values());
    page.heading("Error per layer");
    page.paragraph(
        "The largest relative (rms) difference among a layer's values, from input to output.");
    page.chart(
        Chart.lines(
            "error per layer",
            labels,
            List.of(
                Chart.Line.of("between the two", figures, LayerFigures::between),
                Chart.Line.of(first + " from f64", figures, LayerFigures::firstError),
                Chart.Line.of(second + " from f64", figures, LayerFigures::secondError))));
    List<String> lines = new ArrayList<>();
    for (OpFigures op : certificate.ops()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-40s %-18s %,12d of %,12d differ  relative %-9s f64 %-9s %s",
              op.label(),
              op.op(),
              op.between().differing(),
              op.between().elements(),
              number(op.between().relative()),
              number(op.firstError()),
              number(op.secondError())));
    }
    page.folded("every op (" + certificate.ops().size() + ")", lines);
  }

  private void repetitions() {
    page.heading("Determinism");
    List<List<String>> rows = new ArrayList<>();
    for (Repetition repetition : certificate.repetitions()) {
      rows.add(
          List.of(
              repetition.side() == 1 ? first : second,
              "run " + repetition.way(),
              String.format(Locale.ROOT, "%,d", repetition.differing())));
    }
    page.table(List.of("of", "way", "numbers that differ from the first run"), rows);
  }

  private void sources() {
    page.heading("What ran");
    for (int i = 0; i < 2; i++) {
      Certificate.Platform platform = certificate.devices().get(i);
      page.paragraph(
          platform.name()
              + ": "
              + platform.description()
              + "; numerics "
              + platform.numerics()
              + "; model "
              + certificate.models().get(i).get("path"));
      page.folded(
          "model files of " + (i == 0 ? first : second),
          List.of(CanonicalJson.pretty(certificate.models().get(i))));
      page.folded("kernels of " + (i == 0 ? first : second), platform.kernels());
    }
    page.paragraph(
        "Bascule "
            + certificate.bascule()
            + ", "
            + certificate.created()
            + "; input SHA-256 "
            + certificate.inputHash()
            + ". The figures are in the JSON file beside this page; 'bascule certify --check' replays it.");
  }

  private static String number(double value) {
    return value == 0 ? "0" : String.format(Locale.ROOT, "%.3g", value);
  }

  private static String number(OptionalDouble value) {
    return value.isPresent() ? number(value.getAsDouble()) : "-";
  }
}
