package dev.bascule.models;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.State;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.engine.Store;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;

/** Runs a decoder's graph on the reference or on a device, with a cache of its own. */
interface Run extends AutoCloseable {
  /** Outputs for inputs; the cache goes on from the last call. */
  Map<String, Tensor> run(Map<String, Tensor> inputs);

  @Override
  void close();

  static Decoder.Limits limits(int capacity, int tokens, CacheType cache) {
    return new Decoder.Limits(capacity, tokens, tokens, cache, Linear.Activations.F32);
  }

  static Run onReference(Graph graph) {
    Map<State, Tensor> states = new HashMap<>();
    for (State state : graph.states()) {
      states.put(
          state,
          Tensor.zeros(
              state.type().dtype(), state.type().shape().evaluate(dev.bascule.core.Bindings.NONE)));
    }
    return new Run() {
      @Override
      public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        return Reference.run(graph, inputs, states);
      }

      @Override
      public void close() {
        states.clear();
      }
    };
  }

  static Run on(Device device, Graph graph) {
    Engine engine = new Engine(device);
    Store store = engine.store();
    Plan plan = engine.compile(graph);
    Session session = plan.session(store);
    return new Run() {
      @Override
      public Map<String, Tensor> run(Map<String, Tensor> inputs) {
        return session.run(inputs);
      }

      @Override
      public void close() {
        session.close();
        plan.close();
        store.close();
        engine.close();
      }
    };
  }

  /** The logits [ids, vocabulary] of a text in chunks of at most {@code chunk} tokens. */
  default float[] logits(Weights weights, int chunk, int... ids) {
    float[][] parts = new float[Math.ceilDiv(ids.length, chunk)][];
    for (int i = 0; i < parts.length; i++) {
      int from = i * chunk;
      parts[i] =
          logitsAfter(
              weights, from, Arrays.copyOfRange(ids, from, Math.min(ids.length, from + chunk)));
    }
    int total = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    float[] all = new float[total];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** The logits of tokens that follow {@code before} others. */
  default float[] logitsAfter(Weights weights, int before, int... ids) {
    return logitsOf(weights, before, LongStream.range(0, ids.length).toArray(), ids);
  }

  /** The logits of some {@code rows} of the tokens that follow {@code before} others. */
  default float[] logitsOf(Weights weights, int before, long[] rows, int... ids) {
    long[] positions = LongStream.range(before, (long) before + ids.length).toArray();
    return run(Map.of(
            Decoder.EMBEDDINGS,
            weights.embedding(ids),
            Decoder.POSITIONS,
            Tensor.of(positions, positions.length),
            Decoder.LENGTH,
            Tensor.of(new long[] {(long) before + ids.length}, 1),
            Decoder.LAST,
            Tensor.of(rows, rows.length)))
        .get(Decoder.LOGITS)
        .floats();
  }

  /** The ids that follow a prompt when the largest logit is taken each time. */
  default int[] greedy(Weights weights, int vocabulary, int count, int... prompt) {
    int[] ids = new int[count];
    float[] logits = logits(weights, prompt.length, prompt);
    for (int i = 0; i < count; i++) {
      ids[i] = largest(logits, logits.length - vocabulary, vocabulary);
      if (i + 1 < count) {
        logits = logitsAfter(weights, prompt.length + i, ids[i]);
      }
    }
    return ids;
  }

  private static int largest(float[] values, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (values[from + i] > values[from + best]) {
        best = i;
      }
    }
    return best;
  }
}
