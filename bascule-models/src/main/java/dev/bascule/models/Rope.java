package dev.bascule.models;

import java.util.Optional;

/**
 * The rotary embedding of a model: which part of a head is turned, how fast, and what is done for
 * contexts longer than those of training.
 *
 * <p>Sources: Su et al., RoFormer, 2021; Peng et al., YaRN, 2023; the scaling of Llama 3.1 as Meta
 * published it. The numbers are those that a GGUF file can hold, so that a model means the same
 * from either file.
 *
 * @param dimensions elements of a head that are turned: all, or the first few
 * @param theta the base of the frequencies
 */
public record Rope(int dimensions, float theta, Scaling scaling) {
  /** What is done for longer contexts. */
  public sealed interface Scaling {
    /** Nothing. */
    record None() implements Scaling {}

    /**
     * None up to the positions that the model was made for. Beyond them each length of text would
     * have frequencies of its own, and keys that are cached already would be wrong.
     */
    record Dynamic() implements Scaling {}

    /** Positions are divided by {@code factor}. */
    record Linear(float factor) implements Scaling {}

    /** Each frequency is divided by its own factor: what a GGUF file holds of Llama 3's scaling. */
    record Divided(float[] factors) implements Scaling {
      public Divided {
        factors = factors.clone();
      }
    }

    /**
     * Low frequencies are divided by {@code factor}, high ones are left, those between are mixed.
     *
     * @param logMultiplier m in the growth {@code 1 + m log(factor)} by which attention scores are
     *     multiplied twice (for queries and for keys)
     * @param turned whether the growth is part of cosines and sines, and so applies to the turned
     *     elements alone
     */
    record Yarn(
        float factor,
        int originalContext,
        float betaFast,
        float betaSlow,
        float logMultiplier,
        boolean turned)
        implements Scaling {
      double growth() {
        return factor <= 1 ? 1 : 1 + (double) logMultiplier * Math.log(factor);
      }
    }
  }

  public Rope {
    if (dimensions <= 0 || dimensions % 2 != 0) {
      throw new IllegalArgumentException(
          "rotary embedding: expected an even number of dimensions, got " + dimensions);
    }
    if (scaling instanceof Scaling.Divided(float[] factors) && factors.length != dimensions / 2) {
      throw new IllegalArgumentException(
          "rotary embedding of "
              + dimensions
              + " dimensions: expected "
              + dimensions / 2
              + " factors, got "
              + factors.length);
    }
  }

  /** Radians by which each pair turns from one position to the next, [dimensions / 2]. */
  public float[] frequencies() {
    float[] frequencies = new float[dimensions / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double plain = plain(i);
      frequencies[i] =
          (float)
              switch (scaling) {
                case Scaling.None none -> plain;
                case Scaling.Dynamic dynamic -> plain;
                case Scaling.Linear(float factor) -> plain / factor;
                case Scaling.Divided(float[] factors) -> plain / factors[i];
                case Scaling.Yarn yarn -> mixed(yarn, plain, i);
              };
    }
    return frequencies;
  }

  private double plain(int pair) {
    return Math.pow(theta, -2.0 * pair / dimensions);
  }

  private double mixed(Scaling.Yarn yarn, double plain, int pair) {
    double low = Math.max(0, Math.floor(pairTurning(yarn, yarn.betaFast)));
    double high = Math.min(dimensions - 1, Math.ceil(pairTurning(yarn, yarn.betaSlow)));
    double ramp = Math.clamp((pair - low) / Math.max(high - low, 0.001), 0, 1);
    return plain * (1 - ramp) + plain / yarn.factor * ramp;
  }

  /** The pair, as a real number, that turns this often within the context of training. */
  private double pairTurning(Scaling.Yarn yarn, double times) {
    return dimensions
        * Math.log(yarn.originalContext / (times * 2 * Math.PI))
        / (2 * Math.log(theta));
  }

  /** What cosines and sines are multiplied by. */
  public double amplitude() {
    return scaling instanceof Scaling.Yarn yarn && yarn.turned ? yarn.growth() : 1;
  }

  /** What attention scores are multiplied by. */
  public double scoreFactor() {
    return scaling instanceof Scaling.Yarn yarn && !yarn.turned ? yarn.growth() * yarn.growth() : 1;
  }

  /** The factors by which frequencies are divided, if that is the scaling. */
  Optional<float[]> factors() {
    return scaling instanceof Scaling.Divided(float[] factors)
        ? Optional.of(factors.clone())
        : Optional.empty();
  }

  /**
   * Llama 3's scaling: frequencies that turn less than {@code lowFactor} times within the context
   * of training are divided by {@code factor}, those that turn more than {@code highFactor} times
   * are left, those between are mixed.
   */
  static Scaling llama3(
      int dimensions,
      float theta,
      double factor,
      double lowFactor,
      double highFactor,
      double originalContext) {
    Rope plain = new Rope(dimensions, theta, new Scaling.None());
    float[] factors = new float[dimensions / 2];
    for (int i = 0; i < factors.length; i++) {
      double turns = originalContext * plain.plain(i) / (2 * Math.PI);
      double smooth = Math.clamp((turns - lowFactor) / (highFactor - lowFactor), 0, 1);
      factors[i] = (float) (1 / ((1 - smooth) / factor + smooth));
    }
    return new Scaling.Divided(factors);
  }
}
