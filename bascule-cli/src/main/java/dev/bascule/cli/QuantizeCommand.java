package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.Leftovers;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.huggingface.ChatTemplateText;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.formats.quant.Pieces;
import dev.bascule.formats.quant.Quantizer;
import dev.bascule.formats.tokenizer.GgufVocabulary;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.GgufExport;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule quantize}: a model as one GGUF file, with weights of another type. */
@Command(
    name = "quantize",
    description = {
      "Writes a GGUF or a model's folder as a smaller GGUF.",
      "Norms, biases and rows that are no whole blocks stay as they are. OUT appears when all is",
      "written."
    },
    sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "IN", description = "the GGUF or the folder to read")
  private @Nullable Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "the GGUF to write")
  private @Nullable Path out;

  @Option(
      names = "--type",
      required = true,
      paramLabel = "T",
      description = "q8_0, q4_0, q4_k, q5_k, q6_k, f16, bf16 or f32")
  private String type = "";

  @Option(
      names = "--again",
      description = "also decode what is quantised already: the errors of both add up")
  private boolean again;

  @Option(names = "--force", description = "replace OUT if it exists, when all is written")
  private boolean force;

  @Option(
      names = "--no-tokenizer",
      description = "of a folder: leave the tokenizer out, where GGUF cannot express it")
  private boolean noTokenizer;

  private final Main main;
  private final Console console;

  QuantizeCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (in == null || out == null) {
      throw new RequestException("quantize: give a model to read and a GGUF to write");
    }
    WeightType weights = weightType();
    requireFree(in, out);
    deleteLeftovers(out);
    int threads = main.deviceOptions().threads();
    int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    if (HuggingFaceFolder.isOne(in) || Files.isDirectory(in)) {
      folder(in, out, weights, workers);
    } else {
      file(in, out, weights, workers);
    }
    return ExitCodes.DONE;
  }

  private WeightType weightType() {
    List<String> floats = List.of("f16", "bf16", "f32");
    String name = type.toLowerCase(Locale.ROOT);
    if (floats.contains(name)) {
      return new WeightType.Floats(DType.valueOf(name.toUpperCase(Locale.ROOT)));
    }
    return QuantType.of(type)
        .filter(QuantType::hasEncoder)
        .<WeightType>map(WeightType.Blocks::new)
        .orElseThrow(() ->
            new RequestException(
                "--type is one of "
                    + Stream.concat(
                            Arrays.stream(QuantType.values())
                                .filter(QuantType::hasEncoder)
                                .map(QuantType::toString),
                            floats.stream())
                        .toList()
                    + ", not "
                    + Text.quote(type)));
  }

  private void requireFree(Path from, Path to) throws IOException {
    if (!Files.exists(to)) {
      Path parent = folderOf(to);
      if (!Files.isDirectory(parent)) {
        throw new RequestException(
            "quantize: " + parent + " is no folder; make it, or write OUT elsewhere");
      }
      return;
    }
    if (Files.isSameFile(from, to)) {
      throw new RequestException("quantize: IN and OUT are one file; give OUT another name");
    }
    if (Files.isDirectory(to)) {
      throw new RequestException(
          "quantize: OUT is a folder, " + to + "; give the name of a file to write");
    }
    if (!force) {
      throw new RequestException(
          "quantize: " + to + " exists; give OUT another name, or --force to replace it");
    }
  }

  /** What a killed process could not take away goes now: it takes room that is needed. */
  private void deleteLeftovers(Path to) throws IOException {
    Path target = Files.exists(to) ? to.toRealPath() : to.toAbsolutePath();
    for (Path leftover : Leftovers.delete(target)) {
      console.say("deleted " + leftover + ", left from a run that did not end");
    }
    for (Path other : Leftovers.of(target)) {
      console.say(other + ": another process is writing " + to + " too; whichever ends last stays");
    }
  }

  private static Path folderOf(Path file) {
    return Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder");
  }

  /** Better now than after an hour. */
  private static void requireRoom(Path to, long bytes) throws IOException {
    Path parent = folderOf(to);
    long room = Files.getFileStore(parent).getUsableSpace();
    if (room < bytes) {
      throw new RequestException(
          "quantize: "
              + to
              + " would take at least "
              + Text.bytes(bytes)
              + ", and "
              + parent
              + " has room for "
              + Text.bytes(room)
              + "; free some, or write OUT elsewhere");
    }
  }

  private void folder(Path from, Path to, WeightType weightType, int workers) throws IOException {
    try (HuggingFaceFolder files = HuggingFaceFolder.open(from)) {
      DecoderConfig config = DecoderConfig.of(files);
      GgufMetadata others = others(files, config);
      try (Weights weights = Weights.of(config, files);
          Pieces pieces = new Pieces(workers)) {
        GgufExport export = new GgufExport(config, weights, weightType, others, pieces);
        requireRoom(to, export.tensorBytes());
        try (Progress progress = progress(export.pieces())) {
          export.write(to, name -> progress.step(Text.plain(name)));
        }
      }
      report(to, files.tensorBytes(), Map.of());
    }
  }

  private Progress progress(long pieces) {
    return new Progress(console, "quantize", pieces, Console.errorIsTerminal());
  }

  /** What a GGUF says beside the architecture: the name, the tokenizer, the chat template. */
  private GgufMetadata others(HuggingFaceFolder files, DecoderConfig config) {
    GgufMetadata others = GgufMetadata.empty();
    if (noTokenizer || files.tokenizer().isEmpty()) {
      console.say(
          (noTokenizer ? "as asked, " : files.path() + " has no tokenizer.json: ")
              + "the tokenizer is left out; the model takes and gives token ids");
    } else {
      GgufVocabulary.Written written =
          GgufVocabulary.of(files.path(), files.config().modelType(), config.vocabulary());
      written.notes().forEach(console::say);
      others = written.metadata();
    }
    Optional<ChatTemplateText> template = ChatTemplateText.of(files.path());
    if (template.isPresent()) {
      others = others.with("tokenizer.chat_template", GgufValue.of(template.get().text()));
    }
    Path name = files.path().toAbsolutePath().normalize().getFileName();
    return others.with("general.name", GgufValue.of(String.valueOf(name)));
  }

  private void file(Path from, Path to, WeightType weightType, int workers) throws IOException {
    try (GgufFile model = GgufFile.open(from);
        Quantizer quantizer = new Quantizer(weightType, again, workers)) {
      requireRoom(to, quantizer.tensorBytes(model));
      try (Progress progress = progress(quantizer.pieces(model))) {
        quantizer.write(model, to, name -> progress.step(Text.plain(name)));
      }
      Map<Quantizer.Fate, Integer> fates = new EnumMap<>(Quantizer.Fate.class);
      for (StoredTensor tensor : model.tensors().values()) {
        fates.merge(quantizer.fate(tensor), 1, Integer::sum);
      }
      report(to, model.parts().stream().mapToLong(QuantizeCommand::size).sum(), fates);
    }
  }

  private void report(Path to, long before, Map<Quantizer.Fate, Integer> fates) throws IOException {
    long after = Files.size(to);
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("path", to.toString());
      json.put("type", type);
      json.put("bytesBefore", before);
      json.put("bytesAfter", after);
      fates.forEach((fate, count) -> json.put(fate.name().toLowerCase(Locale.ROOT), count));
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
