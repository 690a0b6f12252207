package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.List;

/**
 * How the vectors of a text's tokens become one vector for the text. Source: Reimers and Gurevych,
 * Sentence-BERT, 2019; the floors against division by zero are those of sentence-transformers.
 */
enum Pooling {
  /** The mean over the tokens that the attention mask counts. */
  MEAN,
  /** The vector of the first token. */
  CLS;

  private static final double COUNT_MIN = 1e-9;
  private static final double NORM_MIN = 1e-12;

  /**
   * One unit vector for each text.
   *
   * @param tokens [batch, tokens, features]
   * @param mask [batch, tokens], 1 where a token counts
   * @return [batch, features]
   */
  Value apply(Value tokens, Value mask) {
    return normalize(
        switch (this) {
          case MEAN -> mean(tokens, mask);
          case CLS -> Ops.squeeze(Ops.sliceAxis(tokens, 1, Dim.ZERO, Dim.ONE), 1);
        });
  }

  private static Value mean(Value tokens, Value mask) {
    Value weights = Ops.unsqueeze(Ops.cast(mask, tokens.dtype()), 2); // [batch, tokens, 1]
    Value sum = Ops.sum(Ops.mul(tokens, weights), List.of(1), false); // [batch, features]
    Value count = Ops.sum(weights, List.of(1), false); // [batch, 1]
    return Ops.div(sum, Ops.max(count, Ops.like(count, COUNT_MIN)));
  }

  private static Value normalize(Value x) {
    Value norm = Ops.sqrt(Ops.sum(Ops.mul(x, x), List.of(1), true)); // [batch, 1]
    return Ops.cast(Ops.div(x, Ops.max(norm, Ops.like(norm, NORM_MIN))), DType.F32);
  }
}
