package dev.bascule.plan.performance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.ModelShape;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** Seconds from mathematics: operations over rates, bytes over rates. */
class RooflineTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();
  private static final Sustained SUSTAINED = new Sustained(CATALOGUE.chips());

  private static Hardware chip(String name) {
    return Hardware.of(CATALOGUE.chip(name), SUSTAINED, Hardware.End.VALUE);
  }

  @Test
  void decodingOneSequenceReadsEveryWeightOnce() {
    ModelShape llama = CATALOGUE.model("Llama-3.1-8B");
    Work work = new Work(llama, Format.BF16, 0, 128);
    Demand demand = Roofline.decode(chip("L40S"), work, new Layout(1, 1), 1);
    double bytes = 2.0 * (llama.parameters() - llama.embeddingParameters());
    assertThat(demand.weightReads()).isCloseTo(bytes / 864e9, within(1e-12));
    assertThat(demand.cacheReads()).isCloseTo(64 * 131072 / 864e9, within(1e-12));
    assertThat(demand.links()).isZero();
  }

  @Test
  void aPromptNeedsTwoOperationsForEachParameterThatATokenPasses() {
    ModelShape model = CATALOGUE.model("Qwen3-8B");
    Work work = new Work(model, Format.BF16, 4096, 1);
    Demand demand = Roofline.prefill(chip("H100"), work, new Layout(1, 1), 4096);
    double products = 2.0 * model.commonParameters() * 4096 / 794.5e12;
    double head = 2.0 * model.embeddingParameters() / 794.5e12;
    assertThat(demand.common()).isCloseTo(products + head, within(1e-9));
    // causal: half of the keys on average
    assertThat(demand.attention())
        .isCloseTo(4096 * 4.0 * 2048 * 32 * 128 * 36 / 794.5e12, within(1e-9));
  }

  @Test
  void whatThePrefixCacheHasIsNotComputedButIsSeen() {
    ModelShape model = CATALOGUE.model("Qwen3-8B");
    Work cached = new Work(model, Format.BF16, Format.BF16, Format.BF16, 4000, 1, 0.5, 0, 0);
    Demand demand = Roofline.prefill(chip("H100"), cached, new Layout(1, 1), 2000);
    // the second half of the prompt sees 3000 keys on average
    assertThat(demand.attention())
        .isCloseTo(2000 * 4.0 * 3000 * 32 * 128 * 36 / 794.5e12, within(1e-9));
  }

  @Test
  void splittingAttentionCostsTwoAllReducesInEachLayer() {
    ModelShape llama = CATALOGUE.model("Llama-3.1-70B");
    Work work = new Work(llama, Format.FP8, 1000, 1000);
    Demand demand = Roofline.decode(chip("H100"), work, new Layout(2, 1), 16);
    // 32 tokens of the pair, 8192 numbers of two bytes, sent once by each of two, 160 times, at 450
    // GB/s
    assertThat(demand.links()).isCloseTo(160 * 32 * 8192 * 2.0 / 450e9, within(1e-12));
    Demand whole = Roofline.decode(chip("H100"), work, new Layout(1, 1), 32);
    assertThat(demand.weightReads()).isCloseTo(whole.weightReads() / 2, within(1e-12));
    assertThat(demand.cacheReads()).isCloseTo(whole.cacheReads() / 2, within(1e-12));
  }

  @Test
  void latentCacheIsRepeatedWhereAttentionIsSplit() {
    Work work = new Work(CATALOGUE.model("R1"), Format.FP8, 1000, 1000);
    Demand one = Roofline.decode(chip("H200"), work, new Layout(1, 8), 8);
    Demand eight = Roofline.decode(chip("H200"), work, new Layout(8, 8), 8);
    assertThat(eight.cacheReads()).isCloseTo(8 * one.cacheReads(), within(1e-12));
  }

  @Test
  void expertsSendEachTokenThereAndBack() {
    ModelShape r1 = CATALOGUE.model("R1");
    Work work = new Work(r1, Format.FP8, 1000, 1000);
    Demand demand = Roofline.decode(chip("H200"), work, new Layout(1, 8), 64);
    // 58 layers, 8 experts of which 7/8 lie elsewhere, one byte there and two back
    assertThat(demand.links()).isCloseTo(58 * 64 * 8 * 7 / 8.0 * 7168 * 3 / 450e9, within(1e-12));
  }

  @Test
  void expertsThatNoTokenChoseAreNotRead() {
    ModelShape model = CATALOGUE.model("Qwen3-30B-A3B");
    Work work = new Work(model, Format.BF16, 0, 2);
    Demand demand = Roofline.decode(chip("H200"), work, new Layout(1, 1), 1);
    double common = 2.0 * (model.commonParameters() + model.embeddingParameters());
    double chosen = 2.0 * model.routedParameters() * 8 / 128;
    assertThat(demand.weightReads())
        .isCloseTo((common + chosen) / 4800e9, Percentage.withPercentage(1e-9));
  }

  @Test
  void draftsCostComputingAndGiveTokens() {
    Work work =
        new Work(
            CATALOGUE.model("R1"), Format.INT8, Format.BF16, Format.BF16, 4096, 256, 0, 1, 0.7);
    assertThat(work.tokensPerStep()).isCloseTo(1.7, within(1e-12));
    Work two =
        new Work(CATALOGUE.model("R1"), Format.INT8, Format.BF16, Format.BF16, 1, 1, 0, 2, 0.5);
    assertThat(two.tokensPerStep()).isCloseTo(1.75, within(1e-12));
    Layout layout = new Layout(1, 160);
    Demand drafted = Roofline.decode(chip("910C"), work, layout, 8);
    Demand plain =
        Roofline.decode(chip("910C"), new Work(work.model(), Format.INT8, 4096, 256), layout, 16);
    assertThat(drafted.experts()).isCloseTo(plain.experts(), within(1e-12));
    assertThat(drafted.cacheReads()).isCloseTo(plain.cacheReads() / 2, within(1e-12));
  }

  @Test
  void beyondTheFastLinkTheNetworkCarriesTheBytes() {
    Work work = new Work(CATALOGUE.model("R1"), Format.FP8, 1000, 1000);
    Demand demand = Roofline.decode(chip("H800"), work, new Layout(1, 128), 128);
    // 120 of 128 chips are on other nodes; 50 GB/s for each chip
    assertThat(demand.links())
        .isCloseTo(58 * 128 * 8 * 120 / 128.0 * 7168 * 3 / 50e9, within(1e-9));
  }
}
