package dev.bascule.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The native library inside {@code de.kherud:llama}: a llama.cpp of spring 2025 (b4916) for AVX2 in
 * one file, which has the C functions beside those of its Java classes. Only the C functions are
 * used: the Java classes leave a thread attached behind when a model is closed, so that a JVM which
 * opened one does not end, and their prompts are texts. It does not know Qwen3.
 */
final class BundledLlama {
  private BundledLlama() {}

  /** Unpacks it into a folder; nothing if there is none for this system on the class path. */
  static Optional<Path> unpack(Path folder) {
    String system = System.getProperty("os.name", "");
    String processor = System.getProperty("os.arch", "");
    String name =
        system + "/" + (processor.equals("amd64") ? "x86_64" : processor) + "/libjllama.so";
    try (InputStream library = BundledLlama.class.getResourceAsStream("/de/kherud/llama/" + name)) {
      if (library == null) {
        return Optional.empty();
      }
      Path file = folder.resolve("libjllama.so");
      Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
      return Optional.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
