package dev.bascule.certify;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.models.Decoder;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.Weights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A decoder that reads given tokens: each logit is of a text that is not its own. */
public final class DecoderSubject implements Subject {
  /**
   * How a decoder is run.
   *
   * @param cache dtype of keys and values
   * @param activations what becomes of activations before quantised weights
   */
  public record Settings(DType cache, Linear.Activations activations) {}

  private final Path path;
  private final List<Path> files;
  private final TensorFile file;
  private final DecoderConfig config;
  private final Weights weights;
  private final int[] ids;
  private final Settings settings;

  private DecoderSubject(
      Path path,
      List<Path> files,
      TensorFile file,
      DecoderConfig config,
      Weights weights,
      int[] ids,
      Settings settings) {
    this.path = path;
    this.files = files;
    this.file = file;
    this.config = config;
    this.weights = weights;
    this.ids = ids.clone();
    this.settings = settings;
  }

  /** Opens a GGUF file or a Hugging Face folder; the caller closes it. */
  public static DecoderSubject open(Path path, int[] ids, Settings settings) {
    if (ids.length == 0) {
      throw new ShapeException("certify: no tokens to read; give at least one");
    }
    if (Files.isDirectory(path)) {
      HuggingFaceFolder folder = HuggingFaceFolder.open(path);
      DecoderConfig config = DecoderConfig.of(folder);
      Weights weights = Weights.of(config, folder);
      return new DecoderSubject(path, ModelFiles.of(path), folder, config, weights, ids, settings);
    }
    GgufFile gguf = GgufFile.open(path);
    DecoderConfig config = DecoderConfig.of(gguf);
    Weights weights = Weights.of(config, gguf);
    return new DecoderSubject(path, gguf.parts(), gguf, config, weights, ids, settings);
  }

  /** Tokens that the model knows. */
  public static int vocabulary(Path path) {
    if (Files.isDirectory(path)) {
      try (HuggingFaceFolder folder = HuggingFaceFolder.open(path)) {
        return DecoderConfig.of(folder).vocabulary();
      }
    }
    try (GgufFile gguf = GgufFile.open(path)) {
      return DecoderConfig.of(gguf).vocabulary();
    }
  }

  @Override
  public Graph graph() {
    return graph(settings.cache, settings.activations);
  }

  @Override
  public Graph truth() {
    return graph(DType.F32, Linear.Activations.F32);
  }

  private Graph graph(DType cache, Linear.Activations activations) {
    return Decoder.graph(
        config,
        weights,
        new Decoder.Limits(ids.length, ids.length, ids.length, cache, activations));
  }

  @Override
  public List<Map<String, Tensor>> runs(int chunk) {
    int size = chunk == 0 ? ids.length : chunk;
    List<Map<String, Tensor>> runs = new ArrayList<>();
    for (int from = 0; from < ids.length; from += size) {
      runs.add(run(from, Math.min(size, ids.length - from)));
    }
    return runs;
  }

  private Map<String, Tensor> run(int from, int count) {
    long[] positions = new long[count];
    long[] rows = new long[count];
    Arrays.setAll(positions, i -> from + i);
    Arrays.setAll(rows, i -> i);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    inputs.put(Decoder.EMBEDDINGS, weights.embedding(Arrays.copyOfRange(ids, from, from + count)));
    inputs.put(Decoder.POSITIONS, Tensor.of(positions, count));
    inputs.put(Decoder.LENGTH, Tensor.of(new long[] {(long) from + count}, 1));
    inputs.put(Decoder.LAST, Tensor.of(rows, count));
    return inputs;
  }

  @Override
  public boolean isCut() {
    return ids.length > 1;
  }

  @Override
  public Optional<int[]> ids() {
    return Optional.of(ids.clone());
  }

  @Override
  public Map<String, Object> model() {
    Map<String, Object> model = ModelFiles.describe("decoder", path, files);
    model.put("family", config.family().toString());
    model.put("layers", (long) config.layers());
    model.put("hidden", (long) config.hidden());
    model.put("vocabulary", (long) config.vocabulary());
    model.put("cache", settings.cache.toString());
    model.put("activations", settings.activations.toString());
    return model;
  }

  @Override
  public void close() {
    weights.close();
    file.close();
  }
}
