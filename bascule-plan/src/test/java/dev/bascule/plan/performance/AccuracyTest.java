package dev.bascule.plan.performance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Measurement.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccuracyTest {
  private static Accuracy accuracy;

  @TempDir private Path folder;

  @BeforeAll
  static void fit() {
    accuracy = Accuracy.of(Catalogue.shipped());
  }

  @Test
  void chipsThatTheFitHasNotSeenArePredictedWithinFifteenPercentInTheMiddle() {
    assertThat(accuracy.summaries().get(Phase.PREFILL).heldMedian()).isLessThan(0.15);
    assertThat(accuracy.summaries().get(Phase.DECODE).heldMedian()).isLessThan(0.15);
  }

  @Test
  void theShippedEfficienciesAreThoseOfTheShippedRows() {
    Efficiency shipped = Efficiency.shipped();
    Efficiency fitted = accuracy.efficiency();
    for (int i = 0; i < shipped.values().size(); i++) {
      assertThat(shipped.values().get(i))
          .as(
              Efficiency.NAMES.get(i)
                  + "; bascule plan accuracy --write writes efficiency.csv anew")
          .isCloseTo(fitted.values().get(i), within(1e-6));
    }
    assertThat(shipped.families().keySet()).isEqualTo(fitted.families().keySet());
    assertThat(shipped.spreads()).hasSameSizeAs(fitted.spreads());
  }

  @Test
  void everyShareIsPhysical() {
    Efficiency e = accuracy.efficiency();
    assertThat(List.of(e.prefillCompute(), e.decodeCompute(), e.memory(), e.experts(), e.serving()))
        .allSatisfy(share -> assertThat(share).isBetween(0.3, 1.0));
    assertThat(e.launchSeconds()).isBetween(5e-6, 500e-6);
  }

  /** H20's prefill and decode rows multiplied by three: what is predicted without them stays. */
  @Test
  void aChipThatIsLeftOutCannotLeakIntoItsPrediction() throws IOException {
    List<String> altered = new ArrayList<>();
    for (String line : Catalogue.resource("measured.csv").lines().toList()) {
      if (line.startsWith("id,") || line.contains(",H20 96GB,") && line.contains(",fit,")) {
        altered.add(line.replaceFirst("(\\d+)(,tok/s/chip,fit)", "$1" + "00$2"));
      }
    }
    assertThat(altered).hasSizeGreaterThan(5);
    Files.write(folder.resolve("measured.csv"), altered);
    Accuracy other = Accuracy.of(Catalogue.withFolder(Optional.of(folder)));
    int compared = 0;
    for (Accuracy.Line line : other.lines()) {
      if (line.measurement().chip().equals("H20 96GB")) {
        Accuracy.Line before =
            accuracy.lines().stream()
                .filter(l -> l.measurement().id().equals(line.measurement().id()))
                .findFirst()
                .orElseThrow();
        assertThat(line.measured()).isGreaterThan(50 * before.measured());
        assertThat(line.held()).isCloseTo(before.held(), within(1e-6 * before.held()));
        compared++;
      }
    }
    assertThat(compared).isEqualTo(6);
  }

  @Test
  void whatAMatrixProductSustainsIsMeasuredOrToldWhyNot() {
    Catalogue catalogue = Catalogue.shipped();
    Sustained sustained = new Sustained(catalogue.chips());
    assertThat(sustained.bf16(catalogue.chip("H100"))).isCloseTo(794.5 / 989, within(1e-9));
    assertThat(sustained.reason(catalogue.chip("H800"))).isEqualTo("middle of the family hopper");
    assertThat(sustained.reason(catalogue.chip("H20"))).startsWith("assumed");
    assertThat(sustained.eightBit(catalogue.chip("H200"))).isCloseTo(1402.6 / 1979, within(1e-9));
  }
}
