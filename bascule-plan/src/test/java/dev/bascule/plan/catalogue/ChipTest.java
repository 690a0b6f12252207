package dev.bascule.plan.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Total processing performance: TFLOPS times bits, the largest of the formats (88 FR 73458). */
class ChipTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();

  private static double tpp(String chip) {
    return CATALOGUE.chip(chip).totalProcessingPerformance().orElseThrow().value();
  }

  private static double density(String chip) {
    return CATALOGUE.chip(chip).performanceDensity().orElseThrow().value();
  }

  @Test
  void performanceIsOnBothSidesOf4800() {
    assertThat(tpp("A100")).isEqualTo(312 * 16).isGreaterThan(4800);
    assertThat(tpp("L40S")).isEqualTo(733 * 8).isGreaterThan(4800);
    assertThat(tpp("Ascend 910B3")).isEqualTo(590 * 8).isLessThan(4800);
    assertThat(tpp("H20")).isEqualTo(296 * 8).isLessThan(4800);
  }

  @Test
  void performanceIsOnBothSidesOf2400And1600() {
    assertThat(tpp("H20")).isLessThan(2400);
    assertThat(tpp("DCU K100-AI")).isEqualTo(392 * 8).isGreaterThan(2400);
    assertThat(tpp("MTT S4000")).isEqualTo(1600);
    assertThat(tpp("L20")).isEqualTo(239 * 8).isGreaterThan(1600);
  }

  @Test
  void performanceIsOnBothSidesOf21000() {
    assertThat(tpp("MI300X")).isEqualTo(2614 * 8).isLessThan(21000);
    assertThat(tpp("H200")).isEqualTo(1979 * 8).isLessThan(21000);
    assertThat(tpp("Gaudi 3")).isEqualTo(1677 * 16).isGreaterThan(21000);
    assertThat(tpp("B200")).isEqualTo(9000 * 4).isGreaterThan(21000);
  }

  @Test
  void densityIsPerformanceForEachSquareMillimetre() {
    assertThat(density("H20")).isEqualTo(2368.0 / 814);
    assertThat(density("A100")).isEqualTo(4992.0 / 826).isGreaterThan(5.92);
    assertThat(density("L20")).isCloseTo(3.14, within(0.01)).isLessThan(3.2);
  }

  @Test
  void aChipWithoutADieAreaHasNoDensity() {
    assertThat(CATALOGUE.chip("MI300X").performanceDensity()).isEmpty();
    assertThat(CATALOGUE.chip("B20").totalProcessingPerformance()).isEmpty();
  }

  @Test
  void aCutChipComputesLessAndRemembersAsMuch() {
    Chip cut = CATALOGUE.chip("H100").derated(0.3);
    assertThat(cut.figure(Quantity.BF16_TFLOPS).orElseThrow().value())
        .isCloseTo(692.3, within(1e-9));
    assertThat(cut.figure(Quantity.MEMORY_GBPS))
        .isEqualTo(CATALOGUE.chip("H100").figure(Quantity.MEMORY_GBPS));
    assertThat(cut.name()).isEqualTo("H100 cut by 30 %");
    assertThatThrownBy(() -> CATALOGUE.chip("H100").derated(30))
        .hasMessageContaining("0.3 cuts 30 %");
  }

  @Test
  void aFigureThatNoSourceGivesIsAskedForByFileLineAndColumn() {
    Chip chip = CATALOGUE.chip("Ascend 910B4");
    assertThatThrownBy(() -> chip.need(Quantity.MEMORY_GBPS, "speed"))
        .hasMessageMatching(
            "chips.csv line \\d+: Ascend 910B4 has no memory_gbps \\(GB/s\\), which speed needs; .*--data");
  }
}
