package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CachedAttentionTest {
  private static Tensor random(Random random, long... extents) {
    Tensor tensor = Tensor.zeros(DType.F32, extents);
    float[] values = new float[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, extents);
  }

  private static Tensor attend(Tensor q, Tensor k, Tensor v, long length, int block) {
    return attend(q, k, v, length, new CachedAttention(0.3f, block));
  }

  private static Tensor attend(Tensor q, Tensor k, Tensor v, long length, CachedAttention op) {
    Node node =
        Node.of(
            "",
            op,
            List.of(
                Constant.of(q),
                Constant.of(k),
                Constant.of(v),
                Constant.of(Tensor.of(new long[] {length}, 1))));
    return Reference.evaluate(List.of(), List.of(), List.of(node.result()), Bindings.NONE)
        .getFirst();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 64})
  void chunksAndSingleQueriesGiveTheBitsOfTheWhole(int block) {
    Random random = new Random(5);
    int length = 11;
    Tensor q = random(random, length, 4, 8);
    Tensor k = random(random, 20, 2, 8);
    Tensor v = random(random, 20, 2, 6);
    Tensor whole = attend(q, k, v, length, block);
    long row = 4 * 6 * Float.BYTES;
    for (int i = 0; i < length; i++) {
      Tensor one =
          new Tensor(DType.F32, new long[] {1, 4, 8}, q.bytes().asSlice(i * 4L * 8 * 4, 4 * 8 * 4));
      Tensor out = attend(one, k, v, i + 1, block);
      assertThat(out.bytes().mismatch(whole.bytes().asSlice(i * row, row))).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 5, 20})
  void itIsSoftmaxOfScoresTimesValues(int window) {
    Random random = new Random(6);
    int length = 7;
    Tensor q = random(random, 3, 4, 8);
    Tensor k = random(random, 10, 2, 8);
    Tensor v = random(random, 10, 2, 5);
    Tensor out = attend(q, k, v, length, new CachedAttention(0.3f, 4, window));
    for (int i = 0; i < 3; i++) {
      for (int h = 0; h < 4; h++) {
        double[] weights = new double[length];
        double sum = 0;
        int last = length - 3 + i;
        for (int j = window == 0 ? 0 : Math.max(0, last - window + 1); j <= last; j++) {
          double score = 0;
          for (int d = 0; d < 8; d++) {
            score += q.number((i * 4 + h) * 8 + d) * k.number((j * 2 + h / 2) * 8 + d);
          }
          weights[j] = Math.exp(score * 0.3f);
          sum += weights[j];
        }
        for (int d = 0; d < 5; d++) {
          double expected = 0;
          for (int j = 0; j < length; j++) {
            expected += weights[j] / sum * v.number((j * 2 + h / 2) * 5 + d);
          }
          assertThat(out.number((i * 4 + h) * 5 + d))
              .isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-5));
        }
      }
    }
  }
}
