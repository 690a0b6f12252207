package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Linear.Activations;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.cpu.LinearTrial.IsaName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinearKernelTest {
  private static final long[] TOKENS = {0, 1, 2, 3, 5, 8, 13, 33};
  private static final long[] ROWS = {1, 15, 16, 17, 50};
  private static final long K = 512;

  static Stream<WeightType> types() {
    return LinearTrial.allTypes();
  }

  /** Runs on every level of this machine with one and with two threads. */
  private static void check(LinearTrial trial, Tensor x, long... offsets) {
    List<float[]> expected = trial.expected(x, offsets);
    for (IsaName isa : IsaName.values()) {
      for (int threads = 1; threads <= 2 && LinearTrial.isAvailable(isa); threads++) {
        try (CpuDevice device = LinearTrial.device(isa.text, threads)) {
          List<float[]> results = trial.run(device, x, offsets);
          for (int i = 0; i < expected.size(); i++) {
            assertThat(LinearTrial.bits(results.get(i)))
                .as("%s, %s, %d threads, result %d of %s", trial.types(), isa, threads, i, x)
                .isEqualTo(LinearTrial.bits(expected.get(i)));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyTypeGivesItsMeaningsBitsForAnyRowsTokensAndThreads(WeightType type) {
    Random random = new Random(11);
    for (long n : ROWS) {
      LinearTrial trial = LinearTrial.of(type, K, random, n);
      for (long m : TOKENS) {
        check(trial, LinearTrial.activations(random, m, K));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsOfOneBlockAreEnough(WeightType type) {
    Random random = new Random(12);
    long k = type instanceof WeightType.Blocks blocks ? blocks.type().blockElements() : 1;
    LinearTrial trial = LinearTrial.of(type, k, random, 20);
    check(trial, LinearTrial.activations(random, 1, k));
    check(trial, LinearTrial.activations(random, 6, k));
  }

  @ParameterizedTest
  @MethodSource("types")
  void anyNumberOfBlocksMakesARow(WeightType type) {
    Random random = new Random(19);
    int block = type instanceof WeightType.Blocks blocks ? blocks.type().blockElements() : 7;
    for (int blocks : new int[] {2, 3, 6}) {
      long k = (long) blocks * block;
      LinearTrial trial = LinearTrial.of(type, k, random, 2, 18);
      check(trial, LinearTrial.activations(random, 7, k), 0, 2, 7);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsGoToTheirExperts(WeightType type) {
    Random random = new Random(13);
    LinearTrial trial = LinearTrial.of(type, K, random, 4, 21);
    check(trial, LinearTrial.activations(random, 17, K), 0, 0, 2, 2, 17);
    check(trial, LinearTrial.activations(random, 1, K), 0, 0, 0, 1, 1);
    check(trial, LinearTrial.activations(random, 0, K), 0, 0, 0, 0, 0);
  }

  @Test
  void severalWeightsOfDifferentTypesShareALaunch() {
    Random random = new Random(14);
    List<WeightType> types =
        List.of(
            new WeightType.Blocks(QuantType.Q4_K),
            new WeightType.Floats(DType.F16),
            new WeightType.Blocks(QuantType.Q6_K),
            new WeightType.Blocks(QuantType.Q8_0));
    List<Tensor> weights = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      weights.add(LinearTrial.weight(types.get(i), K, random, 10 + 20 * i));
    }
    LinearTrial trial = new LinearTrial(types, K, weights, Activations.INT8, true);
    check(trial, LinearTrial.activations(random, 1, K));
    check(trial, LinearTrial.activations(random, 14, K));
  }

  @Test
  void weightsThatAreNotConstantAreReadAsTheyLie() {
    Random random = new Random(15);
    for (WeightType type : LinearTrial.allTypes().toList()) {
      Tensor weight = LinearTrial.weight(type, K, random, 9);
      for (Activations activations : Activations.values()) {
        LinearTrial trial = new LinearTrial(List.of(type), K, List.of(weight), activations, false);
        check(trial, LinearTrial.activations(random, 3, K));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void zerosHugeTinyAndUnnumberedInputsGiveTheMeaningsBits(WeightType type) {
    Random random = new Random(16);
    float[] values = LinearTrial.activations(random, 8, K).floats();
    for (int i = 0; i < K; i++) {
      values[i] = i < 32 ? 0 : i < 64 ? Float.MIN_VALUE * i : i < 96 ? 3e38f : 1e-38f * i;
      values[(int) K + i] = i % 3 == 0 ? -0f : Float.MIN_VALUE * (i % 7);
      values[2 * (int) K + i] = i == 77 ? Float.NaN : i;
      values[3 * (int) K + i] = i == 200 ? Float.NEGATIVE_INFINITY : -i;
      values[4 * (int) K + i] = 0;
      values[5 * (int) K + i] = i % 127 + 0.5f;
    }
    check(LinearTrial.of(type, K, random, 17), Tensor.of(values, 8, K));
  }

  @Test
  void extremeNumbersDoNotOverflowTheirSums() {
    float[] values = new float[(int) K * 2];
    Arrays.fill(values, 0, (int) K, 1);
    Arrays.fill(values, (int) K, values.length, -1);
    for (QuantType quant : QuantType.values()) {
      WeightType type = new WeightType.Blocks(quant);
      for (int fill : new int[] {0x00, 0x80, 0x7F, 0xFF, 0x08, 0xF8}) {
        Tensor weight = LinearTrial.weight(type, K, new Random(17), 16);
        Tensor extreme = Tensor.zeros(DType.U8, weight.extents());
        extreme.bytes().fill((byte) fill);
        LinearTrial trial =
            new LinearTrial(List.of(type), K, List.of(extreme), Activations.INT8, true);
        check(trial, Tensor.of(values, 2, K));
      }
    }
  }

  @Test
  void offsetsThatDoNotAscendAreAFaultThatNamesTheLayer() {
    Random random = new Random(18);
    LinearTrial trial = LinearTrial.of(new WeightType.Blocks(QuantType.Q8_0), K, random, 2, 16);
    Tensor x = LinearTrial.activations(random, 4, K);
    for (long[] offsets : new long[][] {{0, 5, 4}, {0, 2, 3}, {1, 2, 4}, {0, -1, 4}}) {
      try (CpuDevice device = LinearTrial.device("best", 2)) {
        assertThatThrownBy(() -> trial.run(device, x, offsets))
            .isInstanceOf(DataException.class)
            .hasMessageContaining("\"layer\"");
      }
    }
  }
}
