package dev.bascule.plan.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GridTest {
  @Test
  void numbersStandToTheRightAndTextToTheLeft() {
    Grid grid = new Grid("chip", "GB").row("H100", 80).row("B200", "180");
    assertThat(grid.text()).isEqualTo("chip   GB\nH100   80\nB200  180\n");
  }

  @Test
  void aBarInACellDoesNotEndIt() {
    assertThat(new Grid("a").row("x|y").markdown()).isEqualTo("| a |\n|---|\n| x\\|y |\n");
  }
}
