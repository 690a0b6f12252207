package dev.bascule.core.graph;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import java.util.List;
import java.util.Map;

/**
 * Functions: named regions over the ops. The body is the meaning; a device may claim the call
 * whole.
 */
public final class Functions {
  private Functions() {}

  /**
   * {@code exp(x - max) / sum(exp(x - max))} along {@code axis}. Source: the stable form every
   * framework uses.
   */
  public static Value softmax(Value x, int axis) {
    int along = x.shape().axis(axis);
    return Call.of(
        "Softmax", Map.of("axis", along), List.of(x), p -> softmaxBody(p.getFirst(), along));
  }

  private static Value softmaxBody(Value x, int axis) {
    Value peak = Ops.reduce(Reduce.Kind.MAX, x, List.of(axis), true);
    Value weights = Ops.exp(Ops.sub(x, peak));
    return Ops.div(weights, Ops.sum(weights, List.of(axis), true));
  }

  /** {@code x - max - log(sum(exp(x - max)))} along {@code axis}. */
  public static Value logSoftmax(Value x, int axis) {
    int along = x.shape().axis(axis);
    return Call.of(
        "LogSoftmax",
        Map.of("axis", along),
        List.of(x),
        p -> {
          Value shifted =
              Ops.sub(
                  p.getFirst(), Ops.reduce(Reduce.Kind.MAX, p.getFirst(), List.of(along), true));
          return Ops.sub(shifted, Ops.log(Ops.sum(Ops.exp(shifted), List.of(along), true)));
        });
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon) * scale + shift} over the last axes of x, as many
   * as {@code scale} has. Source: Ba et al., Layer Normalization, 2016.
   */
  public static Value layerNorm(Value x, Value scale, Value shift, double epsilon) {
    int normalized = scale.shape().rank();
    return Call.of(
        "LayerNorm",
        Map.of("epsilon", epsilon),
        List.of(x, scale, shift),
        p -> {
          Value centred = Ops.sub(p.get(0), Ops.mean(p.get(0), lastAxes(normalized), true));
          Value variance = Ops.mean(Ops.mul(centred, centred), lastAxes(normalized), true);
          Value deviation = Ops.sqrt(Ops.add(variance, Ops.like(variance, epsilon)));
          return Ops.add(Ops.mul(Ops.div(centred, deviation), p.get(1)), p.get(2));
        });
  }

  /**
   * {@code x / sqrt(mean(x^2) + epsilon) * scale} over the last axis. Source: Zhang and Sennrich,
   * 2019.
   */
  public static Value rmsNorm(Value x, Value scale, double epsilon) {
    return Call.of(
        "RmsNorm",
        Map.of("epsilon", epsilon),
        List.of(x, scale),
        p -> {
          Value square = Ops.mean(Ops.mul(p.get(0), p.get(0)), List.of(-1), true);
          return Ops.mul(
              Ops.div(p.get(0), Ops.sqrt(Ops.add(square, Ops.like(square, epsilon)))), p.get(1));
        });
  }

  private static List<Integer> lastAxes(int count) {
    return java.util.stream.IntStream.rangeClosed(-count, -1).boxed().toList();
  }

  /** {@code x * (erf(x / sqrt 2) + 1) / 2}. Source: Hendrycks and Gimpel, 2016. */
  public static Value gelu(Value x) {
    return Call.of(
        "Gelu",
        Map.of(),
        List.of(x),
        p -> {
          Value t = p.getFirst();
          Value curve = Ops.erf(Ops.mul(t, Ops.like(t, Math.sqrt(0.5))));
          return Ops.mul(Ops.mul(t, Ops.like(t, 0.5)), Ops.add(curve, Ops.like(t, 1)));
        });
  }

  /** {@code x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))}. */
  public static Value geluTanh(Value x) {
    return Call.of(
        "GeluTanh",
        Map.of(),
        List.of(x),
        p -> {
          Value t = p.getFirst();
          Value cube = Ops.mul(Ops.mul(t, t), t);
          Value inner = Ops.add(t, Ops.mul(cube, Ops.like(t, 0.044715)));
          Value curve = Ops.tanh(Ops.mul(inner, Ops.like(t, Math.sqrt(2 / Math.PI))));
          return Ops.mul(Ops.mul(t, Ops.like(t, 0.5)), Ops.add(curve, Ops.like(t, 1)));
        });
  }

  /** {@code 1 / (1 + exp(-x))}. */
  public static Value sigmoid(Value x) {
    return Call.of(
        "Sigmoid",
        Map.of(),
        List.of(x),
        p -> Ops.div(Ops.like(x, 1), Ops.add(Ops.exp(Ops.neg(p.getFirst())), Ops.like(x, 1))));
  }

  /** {@code x * sigmoid(x)}. */
  public static Value silu(Value x) {
    return Call.of(
        "Silu",
        Map.of(),
        List.of(x),
        p -> Ops.div(p.getFirst(), Ops.add(Ops.exp(Ops.neg(p.getFirst())), Ops.like(x, 1))));
  }

  /** {@code max(x, 0)}. */
  public static Value relu(Value x) {
    return Call.of("Relu", Map.of(), List.of(x), p -> Ops.max(p.getFirst(), Ops.like(x, 0)));
  }

  /** {@code log(1 + exp(x))}, stable for large x. */
  public static Value softplus(Value x) {
    return Call.of(
        "Softplus",
        Map.of(),
        List.of(x),
        p -> {
          Value t = p.getFirst();
          Value tail =
              Ops.apply(Elementwise.LOG1P, Ops.exp(Ops.neg(Ops.apply(Elementwise.ABS, t))));
          return Ops.add(Ops.max(t, Ops.like(t, 0)), tail);
        });
  }

  /** {@code x * tanh(softplus(x))}. Source: Misra, 2019. */
  public static Value mish(Value x) {
    return Call.of(
        "Mish", Map.of(), List.of(x), p -> Ops.mul(p.getFirst(), Ops.tanh(softplus(p.getFirst()))));
  }

  /** The mean cross entropy of logits [rows, classes] against class indices i64 [rows]. */
  public static Value crossEntropy(Value logits, Value labels) {
    return Call.of(
        "CrossEntropy",
        Map.of(),
        List.of(logits, labels),
        p -> {
          Value logs = logSoftmax(p.get(0), -1);
          Shape shape = logs.shape();
          Value classes = Ops.iota(shape, 1);
          Value hit = Ops.eq(classes, Ops.unsqueeze(p.get(1), 1));
          Value picked = Ops.select(hit, logs, Ops.like(logs, 0));
          return Ops.neg(
              Ops.div(Ops.sumAll(picked), Ops.cast(Ops.dimension(shape.dim(0)), logits.dtype())));
        });
  }

  /**
   * Rotary position embedding of x [..., positions, d] with cosines and sines [positions, d/2],
   * rotating the halves of the last axis against each other. Source: Su et al., RoFormer, 2021 (the
   * layout of Llama as Hugging Face stores it).
   */
  public static Value rope(Value x, Value cosines, Value sines) {
    return Call.of(
        "Rope",
        Map.of(),
        List.of(x, cosines, sines),
        p -> {
          Value t = p.get(0);
          int last = t.shape().rank() - 1;
          Dim half = t.shape().dim(last).floorDiv(Dim.of(2));
          Value low = Ops.sliceAxis(t, last, Dim.ZERO, half);
          Value high = Ops.sliceAxis(t, last, half, half);
          Value first = Ops.sub(Ops.mul(low, p.get(1)), Ops.mul(high, p.get(2)));
          Value second = Ops.add(Ops.mul(high, p.get(1)), Ops.mul(low, p.get(2)));
          return Ops.concat(List.of(first, second), last);
        });
  }

  /**
   * Random words u32 in {@code shape} from a key u32 [2] and a counter u32 [4]: the same key and
   * counter give the same words on every device. Element i is word {@code i % 4} of the Philox
   * block at {@code counter + i / 4}, so the next call continues at {@code counter + ceil(elements
   * / 4)}. Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011
   * (Philox-4x32-10).
   */
  public static Value randomBits(Value key, Value counter, Shape shape) {
    return Call.of(
        "RandomBits",
        Map.of("shape", shape),
        List.of(key, counter),
        p -> Philox.words(p.get(0), p.get(1), shape));
  }
}
