package dev.bascule.certify;

import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.engine.rewrite.Inliner;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.models.CacheType;
import dev.bascule.models.Decoder;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.DecoderModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A decoder that reads given tokens: each logit is of a text that is not its own. */
public final class DecoderSubject implements Subject {
  /**
   * How a decoder is run.
   *
   * @param cache how keys and values are kept
   * @param activations what becomes of activations before quantised weights
   */
  public record Settings(CacheType cache, Linear.Activations activations) {}

  private final Path path;
  private final DecoderModel model;
  private final int[] ids;
  private final Settings settings;

  private DecoderSubject(Path path, DecoderModel model, int[] ids, Settings settings) {
    this.path = path;
    this.model = model;
    this.ids = ids.clone();
    this.settings = settings;
  }

  /** Opens a GGUF file or a Hugging Face folder; the caller closes it. */
  public static DecoderSubject open(Path path, int[] ids, Settings settings) {
    if (ids.length == 0) {
      throw new ShapeException("certify: no tokens to read; give at least one");
    }
    return new DecoderSubject(path, DecoderModel.open(path), ids, settings);
  }

  /** Tokens that the model knows. */
  public static int vocabulary(Path path) {
    try (DecoderModel model = DecoderModel.open(path)) {
      return model.config().vocabulary();
    }
  }

  @Override
  public Graph graph() {
    return graph(settings.cache, settings.activations);
  }

  @Override
  public Graph truth() {
    return graph(CacheType.F32, Linear.Activations.F32);
  }

  /** With every layer's ops in sight: which of them is the first that differs is to be told. */
  private Graph graph(CacheType cache, Linear.Activations activations) {
    Graph layers =
        Decoder.graph(
            model.config(),
            model.weights(),
            new Decoder.Limits(ids.length, ids.length, ids.length, cache, activations));
    return Inliner.inline(layers, node -> !Decoder.isLayer(node));
  }

  @Override
  public Optional<Tensor> value(String label, Function<String, Optional<Tensor>> tensors) {
    return CacheType.value(label, tensors);
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
    inputs.put(
        Decoder.EMBEDDINGS, model.weights().embedding(Arrays.copyOfRange(ids, from, from + count)));
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
    DecoderConfig config = model.config();
    List<Path> files =
        model
            .file()
            .map(file -> file instanceof GgufFile gguf ? gguf.parts() : ModelFiles.of(path))
            .orElse(List.of());
    Map<String, Object> json = ModelFiles.describe("decoder", path, files);
    json.put("family", config.family().toString());
    json.put("layers", (long) config.layers());
    json.put("hidden", (long) config.hidden());
    json.put("vocabulary", (long) config.vocabulary());
    json.put("cache", settings.cache.toString());
    json.put("activations", settings.activations.toString());
    return json;
  }

  @Override
  public void close() {
    model.close();
  }
}
