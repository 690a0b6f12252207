package dev.bascule.cli;

import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A folder with a sentence-embedding model: an ONNX file, its tokenizer, and, where
 * sentence-transformers wrote it, how to pool and how long a text may be.
 */
record EmbeddingFolder(
    String name, Path model, Path tokenizer, Pooling pooling, OptionalInt tokensMax) {
  private static final String DEFAULT_MODEL = "all-minilm-l6-v2";

  /** The model that comes with Bascule: it lies in {@code models} beside the program. */
  static EmbeddingFolder included() {
    try {
      Path program =
          Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = program.resolveSibling("models").resolve(DEFAULT_MODEL);
      if (!Files.isDirectory(folder)) {
        throw new RequestException(
            "the model "
                + DEFAULT_MODEL
                + " is not beside the program ("
                + folder
                + "); start bascule with its script, which puts it there, or name a folder with --model");
      }
      return open(folder);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Looks through {@code folder}. */
  static EmbeddingFolder open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new RequestException(
          "--model "
              + folder
              + ": expected a folder with model.onnx and tokenizer.json, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Path model =
        firstFile(folder, "model.onnx", "onnx/model.onnx")
            .or(() -> only(folder, ".onnx"))
            .orElseThrow(() -> missing(folder, "model.onnx, onnx/model.onnx or one .onnx file"));
    Path tokenizer =
        firstFile(folder, "tokenizer.json")
            .or(() -> only(folder, "-tokenizer.json"))
            .orElseThrow(() -> missing(folder, "tokenizer.json or one -tokenizer.json file"));
    String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    return new EmbeddingFolder(name, model, tokenizer, pooling(folder, name), tokensMax(folder));
  }

  private static RequestException missing(Path folder, String what) {
    return new RequestException("--model " + folder + ": expected " + what + " in it, found none");
  }

  private static Optional<Path> firstFile(Path folder, String... names) {
    return Stream.of(names).map(folder::resolve).filter(Files::isRegularFile).findFirst();
  }

  private static Optional<Path> only(Path folder, String suffix) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(suffix)).toList();
      if (found.size() > 1) {
        throw new RequestException(
            "--model "
                + folder
                + ": expected one "
                + suffix
                + " file, found "
                + found.size()
                + "; rename the one to use so that it is the usual name");
      }
      return found.stream().findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What sentence-transformers wrote down; else by the name: the BGE family takes the first token.
   */
  private static Pooling pooling(Path folder, String name) {
    Path config = folder.resolve("1_Pooling/config.json");
    if (Files.isRegularFile(config)) {
      Json settings = Json.read(config);
      if (isTrue(settings.get("pooling_mode_cls_token"))) {
        return Pooling.CLS;
      }
      if (isTrue(settings.get("pooling_mode_mean_tokens"))) {
        return Pooling.MEAN;
      }
      throw new RequestException(
          config
              + ": expected pooling by mean or by the first token (cls), got another; choose with --pooling");
    }
    return name.toLowerCase(Locale.ROOT).contains("bge") ? Pooling.CLS : Pooling.MEAN;
  }

  private static boolean isTrue(Json setting) {
    return !setting.isNull() && setting.truth();
  }

  private static OptionalInt tokensMax(Path folder) {
    Path config = folder.resolve("sentence_bert_config.json");
    if (!Files.isRegularFile(config)) {
      return OptionalInt.empty();
    }
    Json length = Json.read(config).get("max_seq_length");
    return length.isNull() ? OptionalInt.empty() : OptionalInt.of(length.integer(1, 1 << 20));
  }

  EmbeddingFolder with(Pooling other) {
    return new EmbeddingFolder(name, model, tokenizer, other, tokensMax);
  }
}
