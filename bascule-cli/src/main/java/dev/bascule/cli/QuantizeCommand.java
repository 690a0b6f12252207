package dev.bascule.cli;

import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.quant.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule quantize}: a GGUF with smaller weights. */
@Command(
    name = "quantize",
    description = {
      "Writes a GGUF anew with its matrices quantised.",
      "Norms, biases and rows that are no whole blocks stay as they are. OUT appears when all is",
      "written."
    },
    sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "IN", description = "the GGUF to read")
  private @Nullable Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "the GGUF to write")
  private @Nullable Path out;

  @Option(
      names = "--type",
      required = true,
      paramLabel = "T",
      description = "q8_0, q4_0, q4_k, q5_k or q6_k")
  private String type = "";

  @Option(
      names = "--again",
      description = "also decode what is quantised already: the errors of both add up")
  private boolean again;

  private final Main main;
  private final Console console;

  QuantizeCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (in == null || out == null) {
      throw new RequestException("quantize: give a GGUF to read and one to write");
    }
    if (Files.isDirectory(in)) {
      throw new RequestException(
          "quantize: " + in + " is a folder; give a GGUF file: folders cannot be converted yet");
    }
    if (Files.exists(out) && Files.isSameFile(in, out)) {
      throw new RequestException("quantize: IN and OUT are one file; give OUT another name");
    }
    int threads = main.deviceOptions().threads();
    int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    try (GgufFile model = GgufFile.open(in);
        Quantizer quantizer = new Quantizer(quantType(), again, workers)) {
      write(model, quantizer, out);
      report(model, quantizer, out);
    }
    return ExitCodes.DONE;
  }

  private QuantType quantType() {
    return QuantType.of(type)
        .filter(QuantType::hasEncoder)
        .orElseThrow(() ->
            new RequestException(
                "--type is one of "
                    + Arrays.stream(QuantType.values()).filter(QuantType::hasEncoder).toList()
                    + ", not "
                    + Text.quote(type)));
  }

  private void write(GgufFile model, Quantizer quantizer, Path to) throws IOException {
    long pieces = quantizer.pieces(model);
    try (Progress progress = new Progress(console, "quantize", pieces, Console.errorIsTerminal())) {
      quantizer.write(model, to, name -> progress.step(Text.plain(name)));
    }
  }

  private void report(GgufFile model, Quantizer quantizer, Path to) throws IOException {
    Map<Quantizer.Fate, Integer> fates = new EnumMap<>(Quantizer.Fate.class);
    for (StoredTensor tensor : model.tensors().values()) {
      fates.merge(quantizer.fate(tensor), 1, Integer::sum);
    }
    long before = model.parts().stream().mapToLong(QuantizeCommand::size).sum();
    long after = Files.size(to);
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("path", to.toString());
      json.put("type", type);
      json.put("bytesBefore", before);
      json.put("bytesAfter", after);
      fates.forEach(
          (fate, count) -> json.put(fate.name().toLowerCase(java.util.Locale.ROOT), count));
      console.out().println(JsonText.of(json));
      return;
    }
    console.out().println(to + ": " + Text.bytes(before) + " became " + Text.bytes(after));
    fates.forEach(
        (fate, count) -> console.out().println("  " + Text.count(count, "tensor") + ": " + fate));
  }

  private static long size(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
