package dev.bascule.models;

import dev.bascule.core.Tensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.json.Json;
import dev.bascule.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Answers that outside software gave, where they are: a test that needs them is skipped elsewhere.
 */
final class Oracles {
  private Oracles() {}

  /** What another implementation says of a model. */
  record Answer(int[][] ids, float[][] logits, int[] prompt, int[] greedy) {}

  /** The folders with a decoder each: those that the tests have, and those that are elsewhere. */
  static List<Path> decoders() {
    List<Path> all = new ArrayList<>(decoders(resources()));
    Path others = folder().resolve("llm").normalize();
    if (Files.exists(others)) {
      all.addAll(decoders(others));
    } else {
      System.out.println("no oracles at " + others);
    }
    return all;
  }

  private static List<Path> decoders(Path parent) {
    try (Stream<Path> folders = Files.list(parent)) {
      return folders.filter(f -> Files.exists(f.resolve("oracle.safetensors"))).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The decoders that the tests have. */
  static Path resources() {
    try {
      return Path.of(Objects.requireNonNull(Oracles.class.getResource("/llm")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Answer answer(Path folder) {
    Json greedy = Json.read(folder.resolve("greedy.json"));
    try (TensorFile file = SafetensorsFile.open(folder.resolve("oracle.safetensors"));
        Arena arena = Arena.ofConfined()) {
      StoredTensor ids = file.tensor("input_ids");
      int texts = Math.toIntExact(ids.dims().get(0));
      int length = Math.toIntExact(ids.dims().get(1));
      Tensor idValues = ids.toTensor(arena);
      float[] logits = file.tensor("logits").toTensor(arena).floats();
      int[][] idRows = new int[texts][length];
      float[][] logitRows = new float[texts][logits.length / texts];
      for (int text = 0; text < texts; text++) {
        for (int i = 0; i < length; i++) {
          idRows[text][i] = (int) idValues.get((long) text * length + i);
        }
        System.arraycopy(
            logits, text * logitRows[text].length, logitRows[text], 0, logitRows[text].length);
      }
      return new Answer(
          idRows, logitRows, ids(greedy.get("prompt_ids")), ids(greedy.get("greedy_ids")));
    }
  }

  private static int[] ids(Json array) {
    return array.elements().stream().mapToInt(id -> id.integer(0, 1 << 20)).toArray();
  }

  /** The file or folder of this name; the test is skipped where it is not there. */
  static Path path(String name) {
    Path path = folder().resolve(name).normalize();
    Assumptions.assumeTrue(Files.exists(path), "no oracle at " + path);
    return path;
  }

  private static Path folder() {
    String configured = System.getenv("BASCULE_ORACLES");
    return configured == null || configured.isEmpty()
        ? repository().resolve("../shared/oracles")
        : Path.of(configured);
  }

  /** Tests start in the folder of their module. */
  private static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("check")) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    return folder;
  }
}
