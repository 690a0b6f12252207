package dev.bascule.core.elementary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.KernelInterpreter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ElementaryTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  /** A prime, so that mantissas are as varied as exponents; some 150,000 points a function. */
  private static final long STRIDE = 28_657;

  @ParameterizedTest
  @EnumSource
  void everyF32FunctionKeepsItsBoundAllOverItsRange(ElementaryFunction function) {
    ElementarySweep.Worst worst = ElementarySweep.unary(function, STRIDE);
    assertThat(worst.ulps()).as("%s: %s", function, worst).isLessThan(function.ulpMaxSingle);
  }

  @Test
  void powKeepsItsBoundOverRandomPairs() {
    long seed = 20261121;
    ElementarySweep.Worst worst = ElementarySweep.pow(300_000, seed);
    assertThat(worst.ulps())
        .as("seed %d: %s", seed, worst)
        .isLessThan(ElementaryFunction.POW_ULP_MAX_SINGLE);
  }

  /**
   * Truth from mpmath in 1,400 bits: the worst points that sweeps found, arguments next to
   * multiples of pi/2, and random ones. Each line: format, function, arguments, high and low part
   * of the value.
   */
  @Test
  void everyPointOfTheTruthTableKeepsItsBound() {
    int points = 0;
    for (String line : resource("truth.txt").lines().toList()) {
      String[] field = line.split(" ");
      DType dtype = field[0].equals("f32") ? DType.F32 : DType.F64;
      double[] x = new double[field.length - 4];
      for (int i = 0; i < x.length; i++) {
        x[i] = Double.parseDouble(field[2 + i]);
      }
      double high = Double.parseDouble(field[field.length - 2]);
      double low = Double.parseDouble(field[field.length - 1]);
      double result = evaluate(field[1], dtype, x);
      double ulps =
          dtype == DType.F32 ? Truth.ulps((float) result, high) : Truth.ulps(result, high, low);
      assertThat(ulps).as(line + " gives " + result).isLessThan(bound(field[1], dtype));
      points++;
    }
    assertThat(points).isGreaterThan(800);
  }

  private static double bound(String name, DType dtype) {
    if (name.equals("pow")) {
      return dtype == DType.F32
          ? ElementaryFunction.POW_ULP_MAX_SINGLE
          : ElementaryFunction.POW_ULP_MAX_DOUBLE;
    }
    return named(name).ulpMax(dtype);
  }

  private static ElementaryFunction named(String name) {
    return Arrays.stream(ElementaryFunction.values())
        .filter(function -> function.title().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String resource(String name) {
    try (InputStream in = ElementaryTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One point by core's interpreter, which gives kernels their meaning. */
  private static double evaluate(String name, DType dtype, double... x) {
    Kernel kernel =
        name.equals("pow") ? ElementaryFunction.pow(dtype, 1) : named(name).kernel(dtype, 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] operands = new MemorySegment[x.length + 1];
      for (int i = 0; i <= x.length; i++) {
        operands[i] = arena.allocate(8);
        if (i < x.length && dtype == DType.F32) {
          operands[i].set(ValueLayout.JAVA_FLOAT, 0, (float) x[i]);
        } else if (i < x.length) {
          operands[i].set(ValueLayout.JAVA_DOUBLE, 0, x[i]);
        }
      }
      KernelInterpreter.run(kernel, List.of(operands), Bindings.NONE);
      MemorySegment y = operands[x.length];
      return dtype == DType.F32
          ? y.get(ValueLayout.JAVA_FLOAT, 0)
          : y.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  private static void gives(String name, double expected, double... x) {
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      double result = evaluate(name, dtype, x);
      // as boxed doubles: -0 differs from 0, NaN equals NaN
      assertThat((Double) result)
          .as("%s of %s in %s", name, Arrays.toString(x), dtype)
          .isEqualTo((Double) (dtype == DType.F32 ? (float) expected : expected));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " ",
      value = {
        // function, of -infinity, of infinity, of 0, of -0
        "exp 0 Infinity 1 1",
        "exp2 0 Infinity 1 1",
        "expm1 -1 Infinity 0 -0.0",
        "log NaN Infinity -Infinity -Infinity",
        "log2 NaN Infinity -Infinity -Infinity",
        "log1p NaN Infinity 0 -0.0",
        "erf -1 1 0 -0.0",
        "tanh -1 1 0 -0.0",
        "sin NaN NaN 0 -0.0",
        "cos NaN NaN 1 1",
        "tan NaN NaN 0 -0.0",
        "asin NaN NaN 0 -0.0",
        "acos NaN NaN 1.5707963267948966 1.5707963267948966",
        "atan -1.5707963267948966 1.5707963267948966 0 -0.0",
        "sinh -Infinity Infinity 0 -0.0",
        "cosh Infinity Infinity 1 1",
        "asinh -Infinity Infinity 0 -0.0",
        "acosh NaN Infinity NaN NaN",
        "atanh NaN NaN 0 -0.0"
      })
  void specialArgumentsGiveWhatC99Gives(
      String name, double ofMinusInfinity, double ofInfinity, double of0, double ofMinus0) {
    gives(name, ofMinusInfinity, -INFINITY);
    gives(name, ofInfinity, INFINITY);
    gives(name, of0, 0.0);
    gives(name, ofMinus0, -0.0);
    gives(name, Double.NaN, Double.NaN);
  }

  @Test
  void polesAndBordersGiveTheirLimits() {
    gives("log", 0, 1);
    gives("log1p", -INFINITY, -1);
    gives("log1p", Double.NaN, -1.5);
    gives("log", Double.NaN, -1e-30f);
    gives("atanh", INFINITY, 1);
    gives("atanh", -INFINITY, -1);
    gives("atanh", Double.NaN, 2);
    gives("acosh", 0, 1);
    gives("acosh", Double.NaN, 0.5);
    gives("acosh", Double.NaN, -3);
    gives("acos", 0, 1);
    gives("acos", Math.PI, -1);
    gives("asin", Math.PI / 2, 1);
    gives("asin", Double.NaN, 1.0000001f);
    gives("acos", Double.NaN, -1.0000001f);
  }

  @Test
  void powersOf2AreExact() {
    for (int n = -149; n < 128; n++) {
      gives("exp2", Math.scalb(1.0, n), n);
      gives("log2", n, Math.scalb(1.0, n));
      gives("pow", Math.scalb(1.0, n), 2, n);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EXPM1", "LOG1P", "ERF", "TANH", "SIN", "TAN", "ASIN", "ATAN", "SINH"})
  void denormalsAreKept(ElementaryFunction function) {
    double slope = function == ElementaryFunction.ERF ? 2 / Math.sqrt(Math.PI) : 1;
    for (double tiny : new double[] {Float.MIN_VALUE, 0x1.23456p-130, -0x1.8p-127}) {
      assertThat((float) evaluate(function.title(), DType.F32, tiny))
          .isEqualTo((float) (slope * tiny));
    }
    assertThat(evaluate(function.title(), DType.F64, Double.MIN_VALUE)).isEqualTo(Double.MIN_VALUE);
  }

  @Test
  void powHasTheSpecialCasesOfC99() {
    double[] values = {
      0.0,
      -0.0,
      1,
      -1,
      INFINITY,
      -INFINITY,
      Double.NaN,
      0.5,
      -0.5,
      2,
      -2,
      3,
      -3,
      1.5,
      -1.5,
      128,
      -149,
      0x1p24,
      0x1.fffffep23,
      -0x1.fffffep23,
      0x1.fffffep-1,
      -0x1.000002p0,
      0x1p40,
      -0x1p-100
    };
    for (double x : values) {
      for (double y : values) {
        double expected = ElementarySweep.power(x, y);
        assertThat(Truth.ulps((float) evaluate("pow", DType.F32, x, y), expected))
            .as("%s^%s = %s in f32", x, y, expected)
            .isLessThan(ElementaryFunction.POW_ULP_MAX_SINGLE);
        assertThat(Truth.ulps(evaluate("pow", DType.F64, x, y), expected, 0))
            .as("%s^%s = %s in f64", x, y, expected)
            .isLessThan(2);
      }
    }
  }

  @Test
  void theSweepsEvaluatorAgreesWithTheInterpreter() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (ElementaryFunction function : ElementaryFunction.values()) {
      TileEvaluator tiles = new TileEvaluator(function.kernel(DType.F32, TileEvaluator.TILE));
      float[] x = new float[TileEvaluator.TILE];
      for (int i = 0; i < 100; i++) {
        x[i] = Float.intBitsToFloat(random.nextInt());
      }
      float[] y = (float[]) tiles.run((Object) x);
      for (int i = 0; i < 100; i++) {
        assertThat((Float) y[i])
            .as("seed %d: %s of %s", seed, function, x[i])
            .isEqualTo((Float) (float) evaluate(function.title(), DType.F32, x[i]));
      }
    }
  }

  @Test
  void integersAreRefused() {
    KernelBuilder b = new KernelBuilder("exp", List.of(Dim.of(1)), 0);
    assertThatThrownBy(() -> Elementary.exp(b, b.constant(ScalarType.I32, 1)))
        .hasMessage("elementary functions take F32 or F64, not I32");
  }

  @Test
  void theTableInTheDocsIsCurrent() throws IOException {
    StringBuilder table = new StringBuilder();
    for (ElementaryFunction function : ElementaryFunction.values()) {
      Kernel single = function.kernel(DType.F32, 1);
      Kernel wide = function.kernel(DType.F64, 1);
      row(table, function.title(), single, function.ulpMaxSingle, wide, function.ulpMaxDouble);
    }
    row(
        table,
        "pow",
        ElementaryFunction.pow(DType.F32, 1),
        ElementaryFunction.POW_ULP_MAX_SINGLE,
        ElementaryFunction.pow(DType.F64, 1),
        ElementaryFunction.POW_ULP_MAX_DOUBLE);
    assertThat(Files.readString(Path.of("../docs/numerics.md"))).contains(table);
  }

  private static void row(
      StringBuilder table, String name, Kernel single, double ulps, Kernel wide, double wideUlps) {
    table.append(
        String.format(
            java.util.Locale.ROOT,
            "| %s | %d | %.2f | %d | %.1f |%n",
            name,
            ElementaryFunction.operations(single),
            ulps,
            ElementaryFunction.operations(wide),
            wideUlps));
  }
}
