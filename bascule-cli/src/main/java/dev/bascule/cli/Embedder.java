package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.formats.importer.ImportOptions;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.onnx.OnnxDimension;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.tokenizer.Encoding;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An embedding model on a device: the model's graph with pooling and normalisation behind it, as
 * one plan. Texts of equal length run together, so that no text is padded.
 */
final class Embedder implements AutoCloseable {
  /** Texts of one run: enough to fill a device, few enough to bound the memory. */
  private static final int BATCH_MAX = 32;

  private static final String EMBEDDING = "embedding";
  private static final String MASK = "attention_mask";

  private final Arena arena;
  private final Engine engine;
  private final Plan plan;
  private final Session session;

  private Embedder(Arena arena, Engine engine, Plan plan, Session session) {
    this.arena = arena;
    this.engine = engine;
    this.plan = plan;
    this.session = session;
  }

  /**
   * Compiles the model for texts as long, and as many of one length, as {@code texts}, which it
   * waits for as late as it can.
   */
  static Embedder open(
      EmbeddingFolder folder,
      Device device,
      Ahead<List<Encoding>> texts,
      Optional<Timings> timings) {
    Arena arena = Arena.ofShared();
    Engine engine = new Engine(device);
    try {
      Graph graph = graph(folder, arena, texts);
      timings.ifPresent(t -> t.mark("read the model"));
      Plan plan = engine.compile(graph);
      timings.ifPresent(t -> t.mark("compile, pack the weights"));
      return new Embedder(arena, engine, plan, plan.session());
    } catch (RuntimeException e) {
      engine.close();
      arena.close();
      throw e;
    }
  }

  private static Graph graph(EmbeddingFolder folder, Arena arena, Ahead<List<Encoding>> texts) {
    try (OnnxFile file = OnnxFile.open(folder.model())) {
      Map<String, Symbol> symbols = symbols(new ModelInputs(file), folder, texts.get());
      ImportOptions options = ImportOptions.usual().withSymbols(symbols);
      Graph model = OnnxImporter.load(file, arena, options).graph();
      Value tokens = tokenVectors(model, folder);
      return Graph.of(
          model.name(),
          model.inputs(),
          Map.of(EMBEDDING, folder.pooling().apply(tokens, mask(model, tokens))));
    }
  }

  /** Whatever the model calls its dimensions: the first of an input is texts, the second tokens. */
  private static Map<String, Symbol> symbols(
      ModelInputs inputs, EmbeddingFolder folder, List<Encoding> texts) {
    var lengths = texts.stream().mapToInt(Encoding::length).summaryStatistics();
    Map<Integer, Integer> counts = new HashMap<>();
    texts.forEach(text -> counts.merge(text.length(), 1, Integer::sum));
    int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(1);
    Symbol batch = new Symbol("batch", 1, Math.min(BATCH_MAX, most));
    Symbol length = new Symbol("tokens", lengths.getMin(), lengths.getMax());
    Map<String, Symbol> symbols = new HashMap<>();
    for (String input : inputs.names()) {
      List<OnnxDimension> dims = inputs.dimensions(input).orElse(List.of());
      if (!INPUTS.contains(input) || dims.size() != 2) {
        throw new RequestException(
            folder.model()
                + ": expected the inputs "
                + String.join(", ", INPUTS)
                + " of shape [texts, tokens], got "
                + inputs.describe()
                + "; is it a model of the BERT family?");
      }
      ModelInputs.symbol(input, 0, dims.get(0)).ifPresent(name -> symbols.put(name, batch));
      ModelInputs.symbol(input, 1, dims.get(1)).ifPresent(name -> symbols.put(name, length));
    }
    return symbols;
  }

  private static final List<String> INPUTS = List.of("input_ids", MASK, "token_type_ids");

  private static Value tokenVectors(Graph model, EmbeddingFolder folder) {
    for (String name : List.of("last_hidden_state", "token_embeddings")) {
      Value value = model.outputs().get(name);
      if (value != null) {
        return value;
      }
    }
    return model.outputs().values().stream()
        .filter(value -> value.shape().rank() == 3)
        .findFirst()
        .orElseThrow(() ->
            new RequestException(
                folder.model()
                    + ": expected an output with a vector for each token [texts, tokens, features], got "
                    + model.outputs()));
  }

  private static Value mask(Graph model, Value tokens) {
    for (Value input : model.inputs()) {
      if (label(input).equals(MASK)) {
        return input;
      }
    }
    // no mask: every token counts
    Value one = Constant.of(Tensor.scalar(DType.I64, 1));
    return Ops.broadcast(
        one, dev.bascule.core.Shape.of(tokens.shape().dim(0), tokens.shape().dim(1)));
  }

  private static String label(Value input) {
    return ((Parameter) input.node().op()).label();
  }

  Plan plan() {
    return plan;
  }

  /** Bytes of weights and of working memory on the device. */
  long memoryBytes() {
    return engine.constantBytes() + plan.arenaBytes();
  }

  /** One unit vector for each text. */
  List<float[]> embed(List<Encoding> texts, Progress progress) {
    Map<Integer, List<Integer>> byLength = new TreeMap<>();
    for (int i = 0; i < texts.size(); i++) {
      byLength.computeIfAbsent(texts.get(i).length(), length -> new ArrayList<>()).add(i);
    }
    float[][] vectors = new float[texts.size()][];
    byLength.forEach((length, indices) -> {
      for (int from = 0; from < indices.size(); from += BATCH_MAX) {
        List<Integer> part = indices.subList(from, Math.min(indices.size(), from + BATCH_MAX));
        float[] values = run(part.stream().map(texts::get).toList(), length);
        int features = values.length / part.size();
        for (int i = 0; i < part.size(); i++) {
          vectors[part.get(i)] =
              java.util.Arrays.copyOfRange(values, i * features, (i + 1) * features);
          progress.step(Text.count(length, "token"));
        }
      }
    });
    return List.of(vectors);
  }

  private float[] run(List<Encoding> batch, int length) {
    Map<String, Tensor> inputs = new HashMap<>();
    for (Value input : plan.graph().inputs()) {
      Tensor tensor = Tensor.zeros(input.dtype(), batch.size(), length);
      for (int row = 0; row < batch.size(); row++) {
        int[] values = values(batch.get(row), label(input));
        for (int i = 0; i < length; i++) {
          tensor.set((long) row * length + i, values[i]);
        }
      }
      inputs.put(label(input), tensor);
    }
    return Optional.ofNullable(session.run(inputs).get(EMBEDDING)).orElseThrow().floats();
  }

  private static int[] values(Encoding text, String input) {
    return switch (input) {
      case "input_ids" -> text.ids();
      case MASK -> text.attentionMask();
      default -> text.typeIds();
    };
  }

  @Override
  public void close() {
    session.close();
    plan.close();
    engine.close();
    arena.close();
  }
}
