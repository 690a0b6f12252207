package dev.bascule.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FigureTest {
  @Test
  void aNumberAloneIsNoRange() {
    assertThat(Figure.parse("989")).contains(Figure.of(989));
    assertThat(Figure.of(989).isRange()).isFalse();
  }

  @Test
  void aRangeStandsInBracketsBehindTheValue() {
    assertThat(Figure.parse("4000 (3900..4096)")).contains(new Figure(3900, 4000, 4096));
  }

  @Test
  void whatIsNoNumberIsNoFigure() {
    assertThat(Figure.parse("about 400")).isEmpty();
    assertThat(Figure.parse("400 (500..600)")).isEmpty();
    assertThat(Figure.parse("-1")).isEmpty();
  }

  @Test
  void aQuotientIsWidestWhereTheEndsAreFarthest() {
    Figure quotient = new Figure(10, 20, 30).over(new Figure(2, 4, 5));
    assertThat(quotient).isEqualTo(new Figure(2, 5, 15));
  }

  @Test
  void aNegativeFactorTurnsTheRangeAround() {
    assertThat(new Figure(1, 2, 3).times(-1)).isEqualTo(new Figure(-3, -2, -1));
  }

  @Test
  void threeDigitsCount() {
    assertThat(Figure.digits(0.20637)).isEqualTo("0.206");
    assertThat(Figure.digits(3.14159)).isEqualTo("3.14");
    assertThat(Figure.digits(1234.6)).isEqualTo("1235");
    assertThat(Figure.digits(0.000123)).isEqualTo("0.000123");
    assertThat(Figure.digits(70272)).isEqualTo("70272");
  }

  @Test
  void endsMustEmbraceTheValue() {
    assertThatThrownBy(() -> new Figure(3, 2, 4)).hasMessageContaining("low <= value <= high");
  }
}
