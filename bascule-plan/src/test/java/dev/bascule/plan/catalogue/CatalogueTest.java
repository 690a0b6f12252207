package dev.bascule.plan.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.plan.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogueTest {
  @TempDir private Path folder;

  private Catalogue with(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
    return Catalogue.withFolder(Optional.of(folder));
  }

  @Test
  void everyShippedRowHasSourceDateAndConfidence() {
    Catalogue shipped = Catalogue.shipped();
    assertThat(shipped.chips()).hasSize(48);
    assertThat(shipped.systems()).hasSize(2);
    assertThat(shipped.chips())
        .allSatisfy(chip -> {
          assertThat(chip.row().source()).isNotEmpty();
          assertThat(chip.row().date()).isNotEmpty();
        });
    assertThat(shipped.measurements())
        .hasSizeGreaterThan(100)
        .allSatisfy(m -> {
          assertThat(m.row().source()).isNotEmpty();
          assertThat(m.conditions().isPresent() || !m.why().isEmpty()).as(m.id()).isTrue();
        });
  }

  @Test
  void namesAndAliasesAreFoundWhateverTheirCase() {
    Catalogue shipped = Catalogue.shipped();
    assertThat(shipped.chip("h20").name()).isEqualTo("H20 96GB");
    assertThat(shipped.chip("910C").name()).isEqualTo("Ascend 910C");
    assertThat(shipped.chip("910b").name()).isEqualTo("Ascend 910B2");
    assertThat(shipped.model("r1").name()).isEqualTo("DeepSeek-R1");
  }

  @Test
  void anUnknownChipIsToldWithThoseNearIt() {
    assertThatThrownBy(() -> Catalogue.shipped().chip("H10"))
        .hasMessageStartingWith("no chip 'H10' is known; near it: H100")
        .hasMessageContaining("'bascule plan chips' lists all");
    assertThatThrownBy(() -> Catalogue.shipped().model("Lama-3.1-8B"))
        .hasMessageContaining("near it: Llama-3.1-8B");
  }

  @Test
  void aRowOfOnesOwnReplacesTheShippedOne() throws IOException {
    Catalogue own =
        with(
            "chips.csv",
            "chip,vendor,origin,kind,family,memory_gbps,source,date,confidence\n"
                + "H100,NVIDIA,US,accelerator,hopper,3000,our lab,2026-10-01,A\n");
    assertThat(own.chip("H100").figure(Quantity.MEMORY_GBPS)).contains(Figure.of(3000));
    assertThat(own.chip("H100").row().place()).endsWith("chips.csv line 2");
    assertThat(own.chips()).hasSize(48);
  }

  @Test
  void twoRowsOfOneNameInOneFileAreRefused() {
    String row = "X1,V,US,accelerator,f,s,2026-10-01,A\n";
    assertThatThrownBy(() ->
            with(
                "chips.csv", "chip,vendor,origin,kind,family,source,date,confidence\n" + row + row))
        .hasMessageContaining(
            "line 3: expected one row for 'X1', got another on line 2; remove one");
  }

  @Test
  void aRowWithoutASourceIsRefused() {
    assertThatThrownBy(() ->
            with(
                "chips.csv",
                "chip,vendor,origin,kind,family,source,date,confidence\nX1,V,US,accelerator,f,,2026-10-01,A\n"))
        .hasMessageContaining("line 2, column source: expected a value, got nothing; fill it in");
  }

  @Test
  void aFigureOfZeroIsRefusedBecauseItWouldBeSilent() {
    assertThatThrownBy(() ->
            with(
                "chips.csv",
                "chip,vendor,origin,kind,family,tdp_w,source,date,confidence\nX1,V,US,accelerator,f,0,s,2026-10-01,A\n"))
        .hasMessageContaining("leave the field empty where the figure is not known");
  }

  @Test
  void aSystemOfAnUnknownChipIsRefused() {
    assertThatThrownBy(() ->
            with(
                "systems.csv",
                "system,chip,chips,source,date,confidence\nBig,No Such,8,s,2026-10-01,A\n"))
        .hasMessageContaining("line 2: expected a chip of chips.csv, got 'No Such'");
  }

  @Test
  void aMeasurementThatIsNotUsedNeedsItsReason() {
    assertThatThrownBy(() ->
            with(
                "measured.csv",
                "id,model,chip,use,status,source,date,confidence\nx,M,C,no,measured,s,2026-10-01,A\n"))
        .hasMessageContaining("column why: expected the reason why the row is not used");
  }

  @Test
  void brokenModelsAreToldWithFileAndLine() {
    assertThatThrownBy(() -> with("models.json", "{\"models\": [\n {\"name\": \"X\"}\n]}"))
        .hasMessageContaining("models.json line 2")
        .hasMessageContaining("expected");
  }
}
