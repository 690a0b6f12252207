package dev.bascule.certify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.Tensor;
import org.junit.jupiter.api.Test;

class LanguageFiguresTest {
  /** Logits of a distribution are the logarithms of its shares. */
  private static float log(double share) {
    return (float) Math.log(share);
  }

  @Test
  void figuresAreThoseOfTheDistributions() {
    float[] first = {log(0.5), log(0.25), log(0.25), log(0.1), log(0.8), log(0.1)};
    float[] second = {log(0.25), log(0.5), log(0.25), log(0.1), log(0.8), log(0.1)};
    LanguageFigures figures = LanguageFigures.of(first, second, new int[] {0, 1});
    double kl = 0.5 * Math.log(2) + 0.25 * Math.log(0.5);
    assertThat(figures.maxKl()).isCloseTo(kl, within(1e-7));
    assertThat(figures.meanKl()).isCloseTo(kl / 2, within(1e-7));
    assertThat(figures.top1()).isEqualTo(0.5);
    assertThat(figures.firstPerplexity()).isCloseTo(4, within(1e-6));
    assertThat(figures.secondPerplexity()).isCloseTo(2, within(1e-6));
  }

  @Test
  void differencesCountBitsAndMagnitudes() {
    Tensor first = Tensor.of(new float[] {1, -2, Float.NaN, 0}, 4);
    Tensor second = Tensor.of(new float[] {1, -2.5f, Float.NaN, -0f}, 4);
    Difference difference = Difference.of(first, second);
    assertThat(difference.differing()).isEqualTo(2); // -0 has other bits than 0
    assertThat(difference.largest()).isEqualTo(0.5);
    assertThat(difference.mean()).isEqualTo(0.125);
    assertThat(difference.relative()).isCloseTo(0.5 / Math.sqrt(5), within(1e-12));
    assertThat(difference.largestShare()).isEqualTo(0.25);
    Tensor broken = Tensor.of(new float[] {1, -2, 3, 0}, 4);
    assertThat(Difference.of(first, broken).largest()).isInfinite();
  }
}
