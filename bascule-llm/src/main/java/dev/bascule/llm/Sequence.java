package dev.bascule.llm;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.engine.Session;
import dev.bascule.engine.Store;
import dev.bascule.models.Decoder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One text under way: the tokens so far and their keys and values. One thread uses it at a time;
 * sequences of one model run at once. However tokens are cut into calls, the logits have the same
 * bits.
 */
public final class Sequence implements AutoCloseable {
  private final LanguageModel model;
  private final Store store;
  private final Session session;
  private int length;

  Sequence(LanguageModel model) {
    this.model = model;
    this.store = model.engine().store();
    this.session = model.plan().session(store);
  }

  /** Tokens so far. */
  public int length() {
    return length;
  }

  /** Tokens that still fit. */
  public int room() {
    return model.settings().context() - length;
  }

  /**
   * Adds tokens, at least one; gives the logits of what follows the last.
   *
   * @throws ContextFullException if there is no room for them; nothing is added then
   */
  public float[] add(int... tokens) {
    float[] logits = new float[model.config().vocabulary()];
    add(tokens, logits);
    return logits;
  }

  /**
   * The same, into an array that is there: of a large vocabulary's logits, a new one for each token
   * costs more than reading them.
   *
   * @param logits takes as many as the vocabulary has tokens
   */
  public void add(int[] tokens, float[] logits) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("no tokens to add: the logits are those after a token");
    }
    if (logits.length != model.config().vocabulary()) {
      throw new IllegalArgumentException(
          "logits: expected room for "
              + model.config().vocabulary()
              + " of them, got an array of "
              + logits.length);
    }
    if (tokens.length > room()) {
      throw new ContextFullException(
          "the context has room for "
              + model.settings().context()
              + " tokens, "
              + length
              + " are taken, and "
              + tokens.length
              + " more do not fit; open the model with a larger context or shorten the text");
    }
    int chunk = model.settings().chunk();
    for (int from = 0; from < tokens.length; from += chunk) {
      int to = Math.min(from + chunk, tokens.length);
      run(Arrays.copyOfRange(tokens, from, to), to < tokens.length ? Map.of() : asked(logits));
    }
  }

  private static Map<String, Tensor> asked(float[] logits) {
    MemorySegment memory = MemorySegment.ofArray(logits);
    return Map.of(Decoder.LOGITS, new Tensor(DType.F32, new long[] {1, logits.length}, memory));
  }

  private void run(int[] tokens, Map<String, Tensor> outputs) {
    int count = tokens.length;
    long[] positions = new long[count];
    Arrays.setAll(positions, i -> length + i);
    long[] last = outputs.isEmpty() ? new long[0] : new long[] {count - 1};
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    inputs.put(Decoder.EMBEDDINGS, model.weights().embedding(tokens));
    inputs.put(Decoder.POSITIONS, Tensor.of(positions, count));
    inputs.put(Decoder.LENGTH, Tensor.of(new long[] {length + count}, 1));
    inputs.put(Decoder.LAST, Tensor.of(last, last.length));
    session.run(inputs, outputs);
    length += count;
  }

  /** Forgets what comes after the first {@code tokens} tokens. */
  public void truncate(int tokens) {
    if (tokens < 0 || tokens > length) {
      throw new IllegalArgumentException("cannot shorten " + length + " tokens to " + tokens);
    }
    length = tokens;
  }

  @Override
  public void close() {
    session.close();
    store.close();
  }
}
