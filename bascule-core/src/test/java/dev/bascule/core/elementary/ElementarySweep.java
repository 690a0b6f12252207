package dev.bascule.core.elementary;

import dev.bascule.core.DType;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Prints the largest error of the f32 functions: {@code ElementarySweep STRIDE [NAME...]}. Stride 1
 * tries all 2^32 values, a minute or two per function; {@code pow} takes 2^32/STRIDE random pairs.
 */
public final class ElementarySweep {
  private ElementarySweep() {}

  public static void main(String[] args) {
    long stride = args.length > 0 ? Long.parseLong(args[0]) : 257;
    for (ElementaryFunction function : ElementaryFunction.values()) {
      if (isAsked(args, function.title())) {
        System.out.println(function.title() + " " + unary(function, stride));
      }
    }
    if (isAsked(args, "pow")) {
      System.out.println("pow " + pow((1L << 32) / stride, 1));
    }
  }

  private static boolean isAsked(String[] args, String name) {
    return args.length < 2 || java.util.Arrays.asList(args).indexOf(name) > 0;
  }

  /** A largest error, and where. */
  record Worst(double ulps, float x, float y, float result, long points) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%.4f ulp at %s %s: %s, of %d points",
          ulps,
          Float.toHexString(x),
          Float.toHexString(y),
          Float.toHexString(result),
          points);
    }
  }

  /** Every {@code stride}-th bit pattern. */
  static Worst unary(ElementaryFunction function, long stride) {
    TileEvaluator evaluator = new TileEvaluator(function.kernel(DType.F32, TileEvaluator.TILE));
    float[] x = new float[TileEvaluator.TILE];
    Worst worst = new Worst(0, 0, 0, 0, 0);
    long points = 0;
    for (long bits = 0; bits < 1L << 32; ) {
      for (int i = 0; i < x.length; i++, bits += stride) {
        x[i] = bits < 1L << 32 ? Float.intBitsToFloat((int) bits) : 0;
      }
      float[] result = (float[]) evaluator.run((Object) x);
      points += x.length;
      for (int i = 0; i < x.length; i++) {
        double ulps = Truth.ulps(result[i], function.truth.applyAsDouble(x[i]));
        if (ulps > worst.ulps) {
          worst = new Worst(ulps, x[i], 0, result[i], points);
        }
      }
    }
    return new Worst(worst.ulps, worst.x, worst.y, worst.result, points);
  }

  /** Random pairs whose power does not overflow or vanish, most of them near those limits. */
  static Worst pow(long points, long seed) {
    TileEvaluator evaluator =
        new TileEvaluator(ElementaryFunction.pow(DType.F32, TileEvaluator.TILE));
    SplittableRandom random = new SplittableRandom(seed);
    float[] x = new float[TileEvaluator.TILE];
    float[] y = new float[TileEvaluator.TILE];
    Worst worst = new Worst(0, 0, 0, 0, points);
    for (long done = 0; done < points; done += x.length) {
      for (int i = 0; i < x.length; i++) {
        x[i] = base(random);
        double exponent = random.nextBoolean() ? random.nextDouble(-150, 128) : near150(random);
        y[i] = (float) (exponent / Truth.log2(x[i]));
      }
      float[] result = (float[]) evaluator.run(x, y);
      for (int i = 0; i < x.length; i++) {
        double ulps = Truth.ulps(result[i], power(x[i], y[i]));
        if (ulps > worst.ulps) {
          worst = new Worst(ulps, x[i], y[i], result[i], points);
        }
      }
    }
    return worst;
  }

  private static double near150(SplittableRandom random) {
    return random.nextBoolean() ? random.nextDouble(120, 128.1) : random.nextDouble(-152, -120);
  }

  private static float base(SplittableRandom random) {
    return switch (random.nextInt(3)) {
      case 0 -> Float.intBitsToFloat(random.nextInt(Float.floatToRawIntBits(Float.MAX_VALUE)) + 1);
      case 1 -> (float) StrictMath.pow(2, random.nextDouble(-1, 1));
      default -> 1 + (float) random.nextDouble(-0.01, 0.01);
    };
  }

  /** C99's pow in f64: unlike Java's, 1 to any power is 1, and so is -1 to an infinite one. */
  static double power(double x, double y) {
    return x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : StrictMath.pow(x, y);
  }
}
