package dev.bascule.plan.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.claim.Claim.Answer;
import dev.bascule.plan.claim.Claim.Verdict;
import dev.bascule.plan.performance.Efficiency;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Sustained;
import org.junit.jupiter.api.Test;

class ClaimsTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();
  private static final Claims CLAIMS =
      new Claims(CATALOGUE, new Speed(Efficiency.shipped(), new Sustained(CATALOGUE.chips())));

  private static Answer answer(String text) {
    return CLAIMS.answer(Claim.parse(text));
  }

  @Test
  void sixtyPercentOfH100IsTooLowFor910C() {
    Answer answer = answer("910C inference is 60 % of H100");
    assertThat(answer.verdict()).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(answer.roofline()).anyMatch(line -> line.startsWith("BF16: 76 %"));
    assertThat(answer.measured())
        .anyMatch(line -> line.contains("prefill: 90 %") && line.contains("row 12"));
    assertThat(answer.conditions().getFirst()).startsWith("Too low");
  }

  @Test
  void a910BIsNotFortyPercentCheaperThanH20() {
    Answer answer = answer("910B matches H20 at 40 % lower price");
    assertThat(answer.verdict()).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(answer.conditions()).anyMatch(line -> line.contains("at most 8100 USD"));
    assertThat(answer.roofline()).anyMatch(line -> line.startsWith("memory rate: 40 %"));
  }

  @Test
  void r1On910BDependsOnThePhase() {
    Answer answer = answer("R1 on 910B reaches 80 % of A100");
    assertThat(answer.verdict()).isEqualTo(Verdict.DEPENDS);
    assertThat(answer.measured())
        .singleElement()
        .asString()
        .contains("nobody in the catalogue measured it");
  }

  @Test
  void no910BHas320Tflops() {
    Answer answer = answer("910B: 320 TFLOPS");
    assertThat(answer.verdict()).isEqualTo(Verdict.DOES_NOT_HOLD);
    assertThat(answer.roofline()).hasSize(4).allMatch(line -> line.contains("so not 320"));
    assertThat(answer("910B: 376 TFLOPS").verdict()).isEqualTo(Verdict.HOLDS);
  }

  @Test
  void everyAnswerNamesItsRows() {
    assertThat(answer("910C inference is 60 % of H100").rows())
        .anyMatch(row -> row.startsWith("Ascend 910C: chips.csv line"))
        .anyMatch(row -> row.startsWith("row 12: measured.csv line"));
  }

  @Test
  void anotherFormIsRefusedWithTheFormsThereAre() {
    assertThatThrownBy(() -> Claim.parse("H100 is the best"))
        .hasMessageContaining("expected one of 'CHIP inference is 60 % of CHIP'")
        .hasMessageContaining("got 'H100 is the best'");
  }
}
