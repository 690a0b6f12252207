package dev.bascule.models;

import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;

/** Where the bytes of weights come from: a file, or a generator of random ones. */
interface WeightSource {
  /** One of a model's weights, or its bias. */
  record Key(Role role, int layer, boolean isBias) {
    String label() {
      return role.label(layer) + (isBias ? ".bias" : "");
    }
  }

  boolean has(Key key);

  /** How the rows of a weight are stored. */
  WeightType type(Key key);

  /**
   * Writes rows of a weight, from row {@code from} on as many as fit, as {@link #type} has them.
   */
  void read(Key key, long from, MemorySegment to);

  /** Decodes rows of a weight from row {@code from} on, as many as fill {@code to}. */
  void decode(Key key, long from, int columns, float[] to);
}
