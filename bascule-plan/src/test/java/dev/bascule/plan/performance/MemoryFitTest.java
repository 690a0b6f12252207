package dev.bascule.plan.performance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.ModelShape;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class MemoryFitTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();

  private static Hardware withMemory(double bytes) {
    Hardware h =
        Hardware.of(CATALOGUE.chip("H100"), new Sustained(CATALOGUE.chips()), Hardware.End.VALUE);
    return new Hardware(
        h.chip(),
        h.bf16Rate(),
        h.eightBitRate(),
        OptionalDouble.empty(),
        bytes,
        h.memoryRate(),
        h.linkRate(),
        h.linkChips(),
        h.networkRate(),
        h.dies());
  }

  @Test
  void aModelFitsExactlyWhereWeightsCacheAndReserveFillTheMemory() {
    ModelShape llama = CATALOGUE.model("Llama-3.1-8B");
    Work work = new Work(llama, Format.BF16, 1000, 2000);
    double need = 2.0 * llama.parameters() + 2000 * 131072;
    double memory = need / (1 - MemoryFit.RESERVE);
    Layout one = new Layout(1, 1);
    assertThat(MemoryFit.of(withMemory(memory + 1), work, one).fits()).isTrue();
    assertThat(MemoryFit.of(withMemory(memory - 10), work, one).fits()).isFalse();
    assertThat(MemoryFit.of(withMemory(memory + 1), work, one).sequencesMax(one))
        .isCloseTo(1, within(1e-6));
  }

  @Test
  void anotherSequenceTakesItsOwnCache() {
    Work work = new Work(CATALOGUE.model("Llama-3.1-8B"), Format.BF16, 1000, 2000);
    Layout one = new Layout(1, 1);
    double few = MemoryFit.of(withMemory(40e9), work, one).sequencesMax(one);
    double more = MemoryFit.of(withMemory(40e9 + 2000 * 131072 / 0.9), work, one).sequencesMax(one);
    assertThat(more - few).isCloseTo(1, within(1e-6));
  }

  @Test
  void theAccountAddsUpToWhatIsUsed() {
    Work work = new Work(CATALOGUE.model("R1"), Format.FP8, 1000, 1000);
    MemoryFit fit = MemoryFit.of(withMemory(141e9), work, new Layout(1, 8));
    double sequences = fit.sequencesMax(new Layout(1, 8));
    assertThat(fit.account(sequences).values().stream().mapToDouble(d -> d).sum())
        .isCloseTo(141e9, within(1.0));
    // 654 GB of experts on eight chips
    assertThat(fit.expertWeights()).isCloseTo(653_908_770_816.0 / 8, within(1.0));
  }

  @Test
  void stagesShareTheWeights() {
    Work work = new Work(CATALOGUE.model("Llama-3.1-70B"), Format.BF16, 1000, 1000);
    MemoryFit two = MemoryFit.of(withMemory(80e9), work, new Layout(1, 1, 2));
    MemoryFit one = MemoryFit.of(withMemory(80e9), work, new Layout(1, 1));
    assertThat(two.weights()).isCloseTo(one.weights() / 2, within(1.0));
    assertThat(one.fits()).isFalse();
  }
}
