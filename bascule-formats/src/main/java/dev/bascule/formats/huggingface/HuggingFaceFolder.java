package dev.bascule.formats.huggingface;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.json.Json;
import dev.bascule.formats.safetensors.SafetensorsFile;
import dev.bascule.formats.safetensors.ShardedSafetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A model's folder: {@code config.json}, the weights as {@code model.safetensors} or as shards with
 * an index, and the files of the tokenizer. Whoever opens it closes it.
 */
public final class HuggingFaceFolder implements TensorFile {
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path path;
  private final HuggingFaceConfig config;
  private final TensorFile weights;

  private HuggingFaceFolder(Path path, HuggingFaceConfig config, TensorFile weights) {
    this.path = path;
    this.config = config;
    this.weights = weights;
  }

  /** Whether this is a folder with a model's {@code config.json}. */
  public static boolean isOne(Path path) {
    return Files.isRegularFile(path.resolve(CONFIG));
  }

  /**
   * Opens a model's folder.
   *
   * @throws FormatException if its configuration or its weights are missing or broken
   */
  public static HuggingFaceFolder open(Path path) {
    if (!isOne(path)) {
      throw new FormatException(
          path,
          "",
          "a model's folder with " + CONFIG,
          Files.exists(path) ? "none in it" : "nothing",
          "check the path, or download the whole folder");
    }
    HuggingFaceConfig config = new HuggingFaceConfig(Json.read(path.resolve(CONFIG)));
    return new HuggingFaceFolder(path, config, weights(path));
  }

  private static TensorFile weights(Path path) {
    // the index first: a leftover of the other kind may lie beside it
    if (Files.exists(path.resolve(INDEX))) {
      return ShardedSafetensors.open(path.resolve(INDEX));
    }
    if (Files.exists(path.resolve(WEIGHTS))) {
      return SafetensorsFile.open(path.resolve(WEIGHTS));
    }
    throw new FormatException(
        path,
        "",
        WEIGHTS + " or " + INDEX,
        "neither",
        "download the weights as safetensors; pickled ones (.bin) are not read, as they run code");
  }

  @Override
  public Path path() {
    return path;
  }

  public HuggingFaceConfig config() {
    return config;
  }

  /** What {@code generation_config.json} says, where it is there. */
  public Optional<Json> generationConfig() {
    return file("generation_config.json").map(Json::read);
  }

  /**
   * The file of this name ({@code tokenizer.json}, {@code chat_template.jinja}), if it is there.
   */
  public Optional<Path> file(String name) {
    return Optional.of(path.resolve(name)).filter(Files::isRegularFile);
  }

  /** The tokenizer with everything in it. */
  public Optional<Path> tokenizer() {
    return file("tokenizer.json");
  }

  /** The tokenizer's settings: special tokens and, in many models, the chat template. */
  public Optional<Json> tokenizerConfig() {
    return file("tokenizer_config.json").map(Json::read);
  }

  /** The tensors under the names that the model's class gives them. */
  @Override
  public Map<String, StoredTensor> tensors() {
    return weights.tensors();
  }

  @Override
  public void close() {
    weights.close();
  }
}
