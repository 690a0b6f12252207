package dev.bascule.formats.tokenizer;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a GGUF file says under names such as {@code tokenizer.ggml.model}. A value that is there but
 * of another kind is a {@link dev.bascule.formats.FormatException}.
 */
public interface TokenizerMetadata {
  /** What messages call the file. */
  Object file();

  Optional<String> text(String key);

  Optional<Boolean> truth(String key);

  OptionalInt integer(String key);

  Optional<List<String>> texts(String key);

  Optional<float[]> floats(String key);

  Optional<int[]> integers(String key);
}
