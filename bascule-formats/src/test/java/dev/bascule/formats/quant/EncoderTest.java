package dev.bascule.formats.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.ShapeException;
import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EncoderTest {
  private static byte[] encode(QuantType type, float... values) {
    byte[] blocks = new byte[(int) type.bytes(values.length)];
    type.encode(values, 0, values.length, MemorySegment.ofArray(blocks), 0);
    return blocks;
  }

  private static float[] roundTrip(QuantType type, float... values) {
    float[] decoded = new float[values.length];
    type.decode(MemorySegment.ofArray(encode(type, values)), 0, decoded, 0, decoded.length);
    return decoded;
  }

  private static float[] gaussian(int count, long seed) {
    System.out.println("seed " + seed);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Error over magnitude, both root mean square. */
  private static double relativeError(float[] values, float[] decoded) {
    double error = 0;
    double size = 0;
    for (int i = 0; i < values.length; i++) {
      error += Math.pow((double) decoded[i] - values[i], 2);
      size += Math.pow(values[i], 2);
    }
    return Math.sqrt(error / size);
  }

  /**
   * Random numbers of many sizes, zeros, ties and halves, encoded by the Python package gguf 0.19.
   */
  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0"})
  void roundingToNearestGivesTheBytesThatGgmlGives(QuantType type) throws URISyntaxException {
    Path path =
        Path.of(
            Objects.requireNonNull(EncoderTest.class.getResource("encoded-by-ggml.safetensors"))
                .toURI());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] values = new float[(int) file.tensor("values").elements()];
      file.tensor("values").readFloats(0, values, 0, values.length);
      byte[] expected = new byte[(int) file.tensor(type.name()).byteSize()];
      file.tensor(type.name()).copyTo(MemorySegment.ofArray(expected));
      assertThat(encode(type, values)).isEqualTo(expected);
    }
  }

  /**
   * The bounds are ggml's own errors (its commit d99724f2, {@code ggml_quantize_chunk} without an
   * importance matrix) on 4,194,304 Gaussian numbers; ours on the same numbers were 0.005349,
   * 0.085928, 0.070000, 0.034391 and 0.016491.
   */
  @ParameterizedTest
  @CsvSource({
    "Q8_0, 0.005349101",
    "Q4_0, 0.085928400",
    "Q4_K, 0.071310798",
    "Q5_K, 0.036111556",
    "Q6_K, 0.017756219"
  })
  void gaussianNumbersLoseNoMoreThanInGgml(QuantType type, double ggml) {
    float[] values = gaussian(1 << 18, 3);
    // the blocks' largest values decide, so that the error of so few is known to half a percent
    assertThat(relativeError(values, roundTrip(type, values))).isLessThan(ggml * 1.005);
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
  void zerosStayZeros(QuantType type) {
    for (float value : roundTrip(type, new float[512])) {
      assertThat(Math.abs(value)).isZero();
    }
  }

  /** Levels over the range from the smallest to the largest value, or to zero. */
  @ParameterizedTest
  @CsvSource({"Q8_0, 254", "Q4_0, 15", "Q4_K, 15", "Q5_K, 31", "Q6_K, 63"})
  void noElementIsFurtherOffThanAStep(QuantType type, int levels) {
    float[] magnitudes = {65504, 1, 1e-3f};
    for (float magnitude : magnitudes) {
      for (int shape = 0; shape < 5; shape++) {
        float[] values = shaped(shape, magnitude);
        float[] decoded = roundTrip(type, values);
        // two ends for the symmetric types; scales are whole numbers too
        float step = 2 * magnitude / levels * 1.3f;
        for (int i = 0; i < values.length; i++) {
          assertThat(Math.abs(decoded[i] - values[i]))
              .as(type + " shape " + shape + " element " + i + " of " + magnitude)
              .isLessThan(step);
        }
      }
    }
  }

  private static float[] shaped(int shape, float magnitude) {
    float[] values = new float[256];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (shape) {
            case 0 -> magnitude;
            case 1 -> -magnitude;
            case 2 -> i == 77 ? -magnitude : 0;
            case 3 -> magnitude * (i - 128) / 128;
            default -> i % 32 == 5 ? magnitude : -magnitude * 0.01f * (i % 3);
          };
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
  void tinyNumbersBecomeTinyNumbers(QuantType type) {
    float[] values = gaussian(256, 5);
    for (int i = 0; i < values.length; i++) {
      values[i] *= 1e-9f;
    }
    for (float value : roundTrip(type, values)) {
      assertThat(Math.abs(value)).isLessThan(1e-6f);
    }
    Arrays.fill(values, Float.MIN_VALUE);
    for (float value : roundTrip(type, values)) {
      assertThat(Math.abs(value)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K"})
  void blocksAreIndependentOfWhereTheyLie(QuantType type) {
    float[] values = gaussian(1024, 6);
    byte[] together = encode(type, values);
    byte[] apart = new byte[together.length + 1];
    for (int from = values.length - 256; from >= 0; from -= 256) {
      type.encode(values, from, 256, MemorySegment.ofArray(apart), 1 + type.bytes(from));
    }
    assertThat(Arrays.copyOfRange(apart, 1, apart.length)).isEqualTo(together);
  }

  @Test
  void aTypeWithoutEncoderAndARowOfHalfABlockAreRefused() {
    assertThatThrownBy(() -> encode(QuantType.Q2_K, new float[256]))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "q2_k can be read, not written; types that can be written:"
                + " [q4_0, q8_0, q4_k, q5_k, q6_k]");
    assertThatThrownBy(() -> encode(QuantType.Q4_K, new float[128]))
        .isInstanceOf(ShapeException.class)
        .hasMessageContainingAll("q4_k", "whole blocks of 256", "got 128");
  }
}
