package dev.bascule.models;

import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A decoder that was opened: what it is, its weights, and the files they come from. Closing it
 * frees the weights and closes the files.
 *
 * @param file what it was opened from; none for a synthetic model
 */
public record DecoderModel(DecoderConfig config, Weights weights, Optional<TensorFile> file)
    implements AutoCloseable {

  /**
   * Opens a GGUF file, or a Hugging Face folder.
   *
   * @throws FormatException if it is neither, or broken, or of an architecture that Bascule does
   *     not know
   */
  public static DecoderModel open(Path path) {
    return Files.isDirectory(path) ? openFolder(path) : openGguf(path);
  }

  private static DecoderModel openFolder(Path path) {
    HuggingFaceFolder folder = HuggingFaceFolder.open(path);
    try {
      DecoderConfig config = DecoderConfig.of(folder);
      return new DecoderModel(config, Weights.of(config, folder), Optional.of(folder));
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private static DecoderModel openGguf(Path path) {
    GgufFile file = GgufFile.open(path);
    try {
      DecoderConfig config = DecoderConfig.of(file);
      return new DecoderModel(config, Weights.of(config, file), Optional.of(file));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** A model of this shape with random weights. */
  public static DecoderModel synthetic(SyntheticModel shape, WeightType type, long seed) {
    return new DecoderModel(shape.config(), shape.weights(type, seed), Optional.empty());
  }

  @Override
  public void close() {
    weights.close();
    file.ifPresent(TensorFile::close);
  }
}
