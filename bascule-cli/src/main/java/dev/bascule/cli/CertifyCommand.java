package dev.bascule.cli;

import dev.bascule.certify.Certificate;
import dev.bascule.certify.CertificateFile;
import dev.bascule.certify.CertificatePage;
import dev.bascule.certify.DecoderSubject;
import dev.bascule.certify.Difference;
import dev.bascule.certify.LanguageFigures;
import dev.bascule.certify.Limits;
import dev.bascule.certify.OpFigures;
import dev.bascule.certify.OutputFigures;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.formats.importer.OnnxTestCase;
import dev.bascule.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule certify}: how far the numbers moved, and where. */
@Command(
    name = "certify",
    description = {
      "Says how far the numbers of two devices, or two models, lie apart.",
      "Both read the same inputs. It says how far the second's numbers lie from the first's, how far",
      "both lie from f64, and at which op the first difference arises. Writes certificate.json and",
      "certificate.html. With --check it replays a certificate."
    },
    sortOptions = false)
final class CertifyCommand implements Callable<Integer> {
  private static final int TOKENS_USUAL = 64;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "a GGUF file, a model's folder, or an ONNX file")
  private @Nullable String model;

  @Option(
      names = "--on",
      split = ",",
      paramLabel = "A,B",
      description = "the devices: cpu, cpu:avx2, cpu:avx512, cpu:portable, opencl, reference")
  private List<String> on = List.of();

  @Option(
      names = "--against",
      paramLabel = "OTHER",
      description = "compare with this model, such as the quantised form of MODEL")
  private @Nullable String against;

  @Option(names = "--text", paramLabel = "FILE", description = "a text to read")
  private @Nullable Path text;

  @Option(names = "--ids", split = ",", paramLabel = "ID", description = "token ids to read: 1,2,3")
  private int @Nullable [] ids;

  @Option(
      names = "--random",
      description = "random ids, or random inputs (default where nothing is given)")
  private boolean random;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "what --random draws (default: 0)")
  private long seed;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "0",
      description = "tokens to read at most (default: all of a text, 64 random ones)")
  private int tokens;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "a test_data_set folder of an ONNX model (default: the one beside it)")
  private @Nullable Path data;

  @Option(
      names = "--dim",
      paramLabel = "NAME=VALUE",
      description = "the extent of an open dimension, for --random with ONNX")
  private Map<String, Long> dims = new LinkedHashMap<>();

  @Option(
      names = "--cache",
      split = ",",
      paramLabel = "T",
      description = {
        "type of cached keys and values: f32, f16, bf16, q8_0 (default: f16);",
        "T,U: of the first side and of the second"
      })
  private List<String> cache = List.of();

  @Option(
      names = "--activations",
      paramLabel = "T",
      defaultValue = "int8",
      description = "before quantised weights: int8 (default) or f32")
  private String activations = "int8";

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "16",
      description = "tokens that are compared with f64 (default: 16)")
  private int sample;

  @Option(names = "--no-f64", description = "no comparison with f64")
  private boolean noTruth;

  @Option(
      names = "--zero-bits",
      description =
          "limit: every bit equal (default for one model and cache on devices with exact numerics)")
  private boolean zeroBits;

  @Option(names = "--max-kl", paramLabel = "X", description = "limit: mean KL divergence, in nats")
  private @Nullable Double klMax;

  @Option(names = "--min-top1", paramLabel = "X", description = "limit: top-1 agreement, 0 to 1")
  private @Nullable Double top1Min;

  @Option(
      names = "--max-error",
      paramLabel = "X",
      description = "limit: largest difference as a part of the largest number")
  private @Nullable Double errorMax;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "where the certificate is written (default: here)")
  private Path out = Path.of("");

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description = "replay this certificate; MODEL and --against say where its models are now")
  private @Nullable Path check;

  private final Main main;
  private final Console console;

  CertifyCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (main.deviceName().isPresent()) {
      throw new RequestException(
          "certify: --device would have no effect; name the devices with --on, such as --on cpu,"
              + main.deviceName().get());
    }
    return check == null ? certify() : check(check);
  }

  private int certify() throws IOException {
    CertifyRequest request = request();
    Files.createDirectories(out);
    Certificate certificate = new CertifyRun(request, console).run();
    Path json = out.resolve("certificate.json");
    Path page = out.resolve("certificate.html");
    CertificateFile.write(certificate, json);
    CertificatePage.write(certificate, page);
    if (main.json()) {
      console.out().print(Files.readString(json));
    } else {
      print(certificate);
      console.out().println("written: " + json + ", " + page);
    }
    return certificate.isPassed() ? ExitCodes.DONE : ExitCodes.FAILED;
  }

  private CertifyRequest request() throws IOException {
    if (model == null) {
      throw new RequestException("certify: give a model, or --check FILE");
    }
    if (tokens < 0 || sample < 1) {
      throw new RequestException("certify: --tokens and --sample must be positive");
    }
    DeviceOptions options = main.deviceOptions();
    CertifyRequest.Numbers numbers =
        new CertifyRequest.Numbers(
            CertifyRequest.caches(cache),
            CertifyRequest.activations(activations),
            sample,
            !noTruth);
    boolean isOneModel = against == null && numbers.isOneCache();
    List<String> sides = CertifyRun.sides(on, !isOneModel);
    boolean stated = klMax != null || top1Min != null || errorMax != null;
    Limits limits =
        new Limits(zeroBits || (!stated && isOneModel), real(klMax), real(top1Min), real(errorMax));
    if (CertifyRun.isOnnx(model)) {
      requireNoneOfLanguageModels();
    }
    return new CertifyRequest(
        model,
        Optional.ofNullable(against),
        sides,
        inputs(model),
        numbers,
        limits,
        options.threads(),
        options.properties());
  }

  private void requireNoneOfLanguageModels() {
    if (klMax != null || top1Min != null) {
      throw new RequestException(
          "certify: --max-kl and --min-top1 are for language models; use --max-error or --zero-bits");
    }
    if (!cache.isEmpty()) {
      throw new RequestException(
          "certify: --cache is for language models; an ONNX model has no cache of its own");
    }
  }

  private static OptionalDouble real(@Nullable Double value) {
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  private CertifyRequest.Inputs inputs(String path) throws IOException {
    if (CertifyRun.isOnnx(path)) {
      return onnxInputs(path);
    }
    if (ids != null) {
      return new CertifyRequest.Inputs.Ids("given", cut(ids));
    }
    if (text != null) {
      Tokenizer tokenizer = Tokenizer.open(Path.of(path)).with(Optional.empty(), Optional.empty());
      int[] read = tokenizer.encode(Files.readString(text)).ids();
      return new CertifyRequest.Inputs.Ids("text " + text.getFileName(), cut(read));
    }
    SplittableRandom generator = new SplittableRandom(seed);
    int vocabulary = DecoderSubject.vocabulary(Path.of(path));
    int[] drawn = generator.ints(tokens == 0 ? TOKENS_USUAL : tokens, 0, vocabulary).toArray();
    return new CertifyRequest.Inputs.Ids("random, seed " + seed, drawn);
  }

  private int[] cut(int[] all) {
    return tokens == 0 ? all : Arrays.copyOf(all, Math.min(all.length, tokens));
  }

  private CertifyRequest.Inputs onnxInputs(String path) {
    if (text != null || ids != null) {
      throw new RequestException("certify: an ONNX model takes --data FOLDER, or --random");
    }
    if (data != null) {
      return new CertifyRequest.Inputs.Data(data.toString());
    }
    Path folder = Path.of(path).toAbsolutePath().getParent();
    if (!random && dims.isEmpty() && folder != null) {
      List<Path> sets = OnnxTestCase.dataSets(folder);
      if (!sets.isEmpty()) {
        return new CertifyRequest.Inputs.Data(sets.getFirst().toString());
      }
    }
    return new CertifyRequest.Inputs.Drawn(seed, dims);
  }

  private void print(Certificate certificate) {
    PrintWriter to = console.out();
    for (OutputFigures output : certificate.outputs()) {
      Difference between = output.between();
      to.println(
          Text.format(
              "%s: %,d of %,d numbers differ; largest %.3g, mean %.3g, relative %.3g",
              output.name(),
              between.differing(),
              between.elements(),
              between.largest(),
              between.mean(),
              between.relative()));
      if (output.firstError().isPresent() && output.secondError().isPresent()) {
        to.println(
            Text.format(
                "  from f64: first %.3g, second %.3g (relative, on the sample)",
                output.firstError().get().relative(), output.secondError().get().relative()));
      }
    }
    certificate.language().ifPresent(figures -> print(figures, to));
    certificate.firstDifference().ifPresent(op -> print("first difference", op, to));
    certificate.firstAboveRounding().ifPresent(op -> print("first above rounding", op, to));
    certificate.repetitions().stream()
        .filter(repetition -> repetition.differing() > 0)
        .forEach(repetition ->
            to.println("not deterministic: side " + repetition.side() + " " + repetition.way()));
    certificate.broken().forEach(limit -> to.println("BROKEN " + limit));
    if (certificate.isEqual()) {
      to.println("zero bits differ");
    }
    boolean isJudged = !certificate.limits().isEmpty();
    to.println(
        !certificate.isPassed()
            ? "verdict: limits are broken"
            : isJudged ? "verdict: within limits" : "verdict: none, no limits were stated");
  }

  private static void print(LanguageFigures figures, PrintWriter to) {
    to.println(
        Text.format(
            "%d tokens: KL %.3g on average, %.3g at most; top-1 agreement %.2f %%; perplexity %.4f and %.4f",
            figures.tokens(),
            figures.meanKl(),
            figures.maxKl(),
            100 * figures.top1(),
            figures.firstPerplexity(),
            figures.secondPerplexity()));
  }

  private static void print(String what, OpFigures op, PrintWriter to) {
    to.println(Text.format("%s: %s, relative %.3g", what, op.place(), op.between().relative()));
  }

  private int check(Path file) {
    CertificateFile certificate = CertificateFile.read(file);
    CertifyRequest request = CertifyRequest.of(certificate.request());
    request =
        request.withModels(
            model == null ? request.model() : model,
            against == null ? request.against() : Optional.of(against));
    CertificateFile.Findings findings = certificate.check(new CertifyRun(request, console).run());
    PrintWriter to = console.out();
    findings.elsewhere().forEach(line -> to.println("other machine or version: " + line));
    if (!findings.isUnaltered()) {
      to.println("ALTERED the file's SHA-256 is not that of its content");
    }
    findings.wrong().forEach(line -> to.println("DIFFERS " + line + " (certificate, replay)"));
    to.println(
        findings.isSound()
            ? "the certificate holds: every figure came out the same"
            : "the certificate does not hold");
    return findings.isSound() ? ExitCodes.DONE : ExitCodes.FAILED;
  }
}
