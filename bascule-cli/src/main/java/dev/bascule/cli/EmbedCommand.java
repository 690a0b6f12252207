package dev.bascule.cli;

import dev.bascule.core.device.Device;
import dev.bascule.formats.tokenizer.Encoding;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.formats.tokenizer.Truncation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule embed}: a vector for each text, and how near the texts are to each other. */
@Command(
    name = "embed",
    description = "Gives a vector for each text, and their similarities.",
    sortOptions = false)
final class EmbedCommand implements Callable<Integer> {
  /** Where neither the model's folder nor its tokenizer says how long a text may be. */
  private static final int TOKENS_MAX = 512;

  private static final int SHOWN_NUMBERS = 6;
  private static final int SHOWN_CHARS = 60;

  @Parameters(
      paramLabel = "TEXT",
      arity = "1..*",
      description = "the texts; - reads them from standard input, one a line")
  private List<String> texts = List.of();

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "a folder with an ONNX model and its tokenizer (default: all-MiniLM-L6-v2)")
  private @Nullable Path model;

  @Option(
      names = "--pooling",
      paramLabel = "P",
      description = "mean or cls (default: what the model's folder says, else by its name)")
  private @Nullable String pooling;

  @Option(names = "--timings", hidden = true, description = "print where the time went")
  private boolean showTimings;

  private final Main main;
  private final Console console;

  EmbedCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Optional<Timings> timings =
        showTimings ? Optional.of(Timings.sinceProcessStart()) : Optional.empty();
    List<String> given = givenTexts();
    EmbeddingFolder folder = folder();
    Ahead<List<Encoding>> tokens = new Ahead<>("tokenizer", () -> encode(given, folder));
    try (Device device = main.openDevice()) {
      timings.ifPresent(t -> t.mark("device"));
      try (Embedder embedder = Embedder.open(folder, device, tokens, timings)) {
        List<Encoding> encodings = tokens.get();
        timings.ifPresent(t -> t.mark("session"));
        List<float[]> vectors = embed(embedder, encodings, given.size());
        timings.ifPresent(t -> t.mark("run"));
        String heading = folder.name() + " on " + device.info().id();
        if (main.json()) {
          console.out().println(json(folder, device, given, encodings, vectors, embedder));
        } else {
          print(heading, given, encodings, vectors, embedder);
        }
      }
    }
    console.out().flush();
    timings.ifPresent(t -> {
      t.mark("print, close");
      console.err().print(t);
    });
    return ExitCodes.DONE;
  }

  private List<float[]> embed(Embedder embedder, List<Encoding> encodings, int texts)
      throws IOException {
    boolean shown = texts > 1 && Console.errorIsTerminal();
    try (Progress progress = new Progress(console, "embed", texts, shown)) {
      return embedder.embed(encodings, progress);
    }
  }

  private List<String> givenTexts() throws IOException {
    List<String> given = new ArrayList<>();
    for (String text : texts) {
      if (text.equals("-")) {
        given.addAll(
            new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8))
                .lines()
                .toList());
      } else {
        given.add(text);
      }
    }
    if (given.isEmpty()) {
      throw new RequestException("embed: standard input has no lines; give a text on each");
    }
    return given;
  }

  private EmbeddingFolder folder() {
    EmbeddingFolder folder =
        model == null ? EmbeddingFolder.included() : EmbeddingFolder.open(model);
    if (pooling == null) {
      return folder;
    }
    return switch (pooling) {
      case "mean" -> folder.with(Pooling.MEAN);
      case "cls" -> folder.with(Pooling.CLS);
      default -> throw new RequestException("--pooling is mean or cls, not " + Text.quote(pooling));
    };
  }

  /** Each text on its own, never padded; what is cut off is said. */
  private List<Encoding> encode(List<String> given, EmbeddingFolder folder) {
    Tokenizer tokenizer = Tokenizer.load(folder.tokenizer());
    int tokensMax =
        folder
            .tokensMax()
            .orElseGet(() -> tokenizer.truncation().map(Truncation::tokensMax).orElse(TOKENS_MAX));
    Tokenizer whole = tokenizer.with(Optional.empty(), Optional.empty());
    Tokenizer cutting = whole.with(Optional.of(Truncation.to(tokensMax)), Optional.empty());
    List<Encoding> encodings = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      Encoding encoding = whole.encode(given.get(i));
      if (encoding.length() > tokensMax) {
        console.say(
            "text "
                + (i + 1)
                + " has "
                + encoding.length()
                + " tokens; "
                + folder.name()
                + " takes "
                + tokensMax
                + ": the end is cut off");
        encoding = cutting.encode(given.get(i));
      }
      encodings.add(encoding);
    }
    return encodings;
  }

  private void print(
      String heading,
      List<String> given,
      List<Encoding> encodings,
      List<float[]> vectors,
      Embedder embedder) {
    PrintWriter out = console.out();
    int features = vectors.getFirst().length;
    out.println(heading + ": " + features + " numbers for each text");
    if (given.size() == 1) {
      out.println(tokens(encodings.getFirst()) + "  " + shown(given.getFirst()));
      StringBuilder numbers = new StringBuilder();
      for (int i = 0; i < Math.min(SHOWN_NUMBERS, features); i++) {
        numbers.append(Text.format("%9.6f ", vectors.getFirst()[i]));
      }
      out.println(numbers + "... (--json prints all)");
    } else {
      printMatrix(given, vectors);
    }
    if (main.explain()) {
      out.println(embedder.plan().explain());
    }
  }

  private void printMatrix(List<String> given, List<float[]> vectors) {
    StringBuilder header = new StringBuilder("     ");
    for (int column = 1; column <= given.size(); column++) {
      header.append(Text.format("%8d", column));
    }
    console.out().println(header);
    for (int row = 0; row < given.size(); row++) {
      StringBuilder line = new StringBuilder(Text.format("%5d", row + 1));
      for (int column = 0; column < given.size(); column++) {
        line.append(Text.format("%8.4f", cosine(vectors.get(row), vectors.get(column))));
      }
      console.out().println(line + "   " + shown(given.get(row)));
    }
  }

  private static String tokens(Encoding encoding) {
    return Text.count(encoding.length(), "token");
  }

  private static String shown(String text) {
    String quoted = Text.quote(text);
    return quoted.length() <= SHOWN_CHARS ? quoted : quoted.substring(0, SHOWN_CHARS) + "...'";
  }

  /** Of unit vectors: their inner product. */
  private static double cosine(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private String json(
      EmbeddingFolder folder,
      Device device,
      List<String> given,
      List<Encoding> encodings,
      List<float[]> vectors,
      Embedder embedder) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", folder.name());
    json.put("device", device.info().id());
    json.put("numerics", "exact");
    json.put("pooling", folder.pooling() == Pooling.CLS ? "cls" : "mean");
    json.put("texts", given);
    json.put("tokens", encodings.stream().map(Encoding::length).toList());
    json.put("vectors", vectors);
    json.put(
        "similarities",
        vectors.stream()
            .map(row -> vectors.stream().map(column -> cosine(row, column)).toList())
            .toList());
    if (main.explain()) {
      json.put("explanation", embedder.plan().explain());
    }
    return JsonText.of(json);
  }
}
