package dev.bascule.plan.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.plan.Figure;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TableTest {
  private static Table read(String text) {
    return Table.read("own.csv", text, Set.of("chip", "tdp_w", "note"), Set.of("chip"));
  }

  @Test
  void rowsKnowTheirLineAlsoBehindQuotedLineBreaks() {
    Table table = read("chip,note\nA,\"one\ntwo, three\"\nB,\n");
    assertThat(table.rows()).extracting(Table.Row::line).containsExactly(2, 4);
    assertThat(table.rows().getFirst().need("note")).isEqualTo("one\ntwo, three");
    assertThat(table.rows().getLast().text("note")).isEmpty();
  }

  @Test
  void anEmptyFieldIsNoFigureAndNotZero() {
    assertThat(read("chip,tdp_w\nA,\n").rows().getFirst().figure("tdp_w")).isEmpty();
    assertThat(read("chip,tdp_w\nA,0\n").rows().getFirst().figure("tdp_w")).contains(Figure.of(0));
  }

  @Test
  void aFieldTooManyIsToldWithItsLine() {
    assertThatThrownBy(() -> read("chip,note\nA,b,c\n"))
        .hasMessage(
            "own.csv line 2: expected 2 fields as in the header, got 3; quote a field that holds a comma");
  }

  @Test
  void anUnknownColumnIsToldWithThoseThatThereAre() {
    assertThatThrownBy(() -> read("chip,tpd_w\nA,b\n"))
        .hasMessage(
            "own.csv line 1: expected columns among [chip, note, tdp_w], got 'tpd_w'; rename or remove it");
  }

  @Test
  void aWordWhereANumberShouldBeIsToldWithColumnAndRemedy() {
    assertThatThrownBy(() -> read("chip,tdp_w\nA,lots\n").rows().getFirst().figure("tdp_w"))
        .hasMessage(
            "own.csv line 2, column tdp_w: expected a number, or value (low..high), got 'lots'; write it such as 4000"
                + " or 4000 (3900..4096)");
  }

  @Test
  void aMissingColumnAndAnEmptyFileAreTold() {
    assertThatThrownBy(() -> read("note\nA\n")).hasMessageContaining("the column 'chip', got none");
    assertThatThrownBy(() -> read("")).hasMessageContaining("own.csv line 1: expected a header");
  }

  @Test
  void brokenQuotesAreTold() {
    assertThatThrownBy(() -> read("chip,note\nA,\"b\" c\n")).hasMessageContaining("own.csv");
  }
}
