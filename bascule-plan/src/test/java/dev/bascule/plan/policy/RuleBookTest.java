package dev.bascule.plan.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.policy.Decision.Strike;
import dev.bascule.plan.policy.Decision.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuleBookTest {
  private static final Catalogue CATALOGUE = Catalogue.shipped();
  private static final Map<String, Boolean> ALONE = Map.of("shipped", false);

  @TempDir private Path folder;

  private static RuleBook shipped(String date) {
    return RuleBook.of(List.of(), Map.of(), LocalDate.parse(date));
  }

  private RuleBook own(String date, String rules) throws IOException {
    Path file = folder.resolve("own.csv");
    Files.writeString(file, rules);
    return RuleBook.of(List.of(file), ALONE, LocalDate.parse(date));
  }

  private static Decision decide(RuleBook book, String chip, String place, String... labels) {
    return book.decide(new Subject(CATALOGUE.chip(chip), List.of(labels), place, "", 8, 0));
  }

  private static Verdict verdict(String date, String chip) {
    return decide(shipped(date), chip, "China").verdict();
  }

  @Test
  void exportsToChinaWereDeniedByPerformanceOnBothSidesOf4800() {
    assertThat(verdict("2024-01-01", "A100")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2024-01-01", "H800")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2024-01-01", "L40S")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2024-01-01", "H20")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2024-01-01", "L20")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2024-01-01", "Ascend 910B2")).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void theFirstRuleAskedForBothLinkAndPerformance() {
    assertThat(verdict("2023-01-01", "A100")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2023-01-01", "A800")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2022-10-20", "A100")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2023-11-16", "A800")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2023-11-17", "A800")).isEqualTo(Verdict.DENIED);
  }

  @Test
  void theRuleOfJanuary2026TakesThePlaceOfTheDenialBelowItsLimits() {
    assertThat(verdict("2026-01-14", "H200")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2026-01-15", "MI325X")).isEqualTo(Verdict.NEEDS_REASON);
    assertThat(verdict("2026-01-15", "MI300X")).isEqualTo(Verdict.NEEDS_REASON);
    assertThat(verdict("2026-01-15", "B200")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2026-01-15", "Gaudi 3")).isEqualTo(Verdict.DENIED);
    Strike denial =
        decide(shipped("2026-08-13"), "MI300X", "China").strikes().stream()
            .filter(strike -> strike.rule().id().equals("US-2023-10-a"))
            .findFirst()
            .orElseThrow();
    assertThat(denial.counts()).isFalse();
    assertThat(denial.overriddenBy()).isEqualTo("US-2026-01-RULE");
  }

  @Test
  void h20WasStoppedInApril2025AndLicensedInAugust() {
    assertThat(verdict("2025-04-13", "H20")).isEqualTo(Verdict.ALLOWED);
    assertThat(verdict("2025-04-14", "H20")).isEqualTo(Verdict.DENIED);
    assertThat(verdict("2025-08-08", "H20")).isEqualTo(Verdict.NEEDS_REASON);
    assertThat(decide(shipped("2025-09-01"), "H20", "China", "government").verdict())
        .isEqualTo(Verdict.DENIED);
    assertThat(verdict("2025-09-01", "H200")).isEqualTo(Verdict.DENIED);
  }

  @Test
  void pressReportsCanBeSwitchedOff() {
    RuleBook without =
        RuleBook.of(List.of(), Map.of("press", false), LocalDate.parse("2025-09-01"));
    assertThat(decide(without, "H20", "China", "government").verdict())
        .isEqualTo(Verdict.NEEDS_REASON);
    assertThatThrownBy(() -> RuleBook.of(List.of(), Map.of("NO-SUCH", true), LocalDate.MAX))
        .hasMessageContaining("no rule 'NO-SUCH' is known");
  }

  @Test
  void elsewhereNothingStrikes() {
    assertThat(decide(shipped("2026-08-13"), "B200", "Germany").verdict())
        .isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void aSubsidiaryAbroadIsStillHeadquarteredThere() {
    Decision decision =
        shipped("2026-08-13")
            .decide(new Subject(CATALOGUE.chip("B200"), List.of(), "Malaysia", "China", 8, 0));
    assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
    assertThat(decision.strikes()).extracting(s -> s.rule().id()).contains("US-2026-05-HQ");
  }

  @Test
  void governmentMayNotHaveH20AndMustGiveAReasonForAllOthers() throws IOException {
    RuleBook book =
        own(
            "2026-08-13",
            """
            id,effect,when,source
            NO-H20,deny,"'government' in labels && chip.startsWith('H20 ')",board 2026-03-01
            WHY,needs-reason,"'government' in labels && !chip.startsWith('H20 ')",board 2026-03-01
            """);
    Decision h20 = decide(book, "H20", "", "government");
    assertThat(h20.verdict()).isEqualTo(Verdict.DENIED);
    assertThat(h20.summary()).isEqualTo("denied (NO-H20)");
    assertThat(h20.strikes().getFirst().rule().row().source()).isEqualTo("board 2026-03-01");
    assertThat(h20.strikes().getFirst().rule().place()).endsWith("own.csv line 2");
    assertThat(h20.strikes().getFirst().figures()).containsEntry("chip", "H20 96GB");
    assertThat(decide(book, "H100", "", "government").verdict()).isEqualTo(Verdict.NEEDS_REASON);
    assertThat(decide(book, "H20", "").verdict()).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void aRuleHoldsFromItsFirstToItsLastDay() throws IOException {
    String rules = "id,effect,when,from,until,source\nR,deny,true,2026-02-01,2026-02-28,s\n";
    assertThat(decide(own("2026-01-31", rules), "H20", "").verdict()).isEqualTo(Verdict.ALLOWED);
    assertThat(decide(own("2026-02-01", rules), "H20", "").verdict()).isEqualTo(Verdict.DENIED);
    assertThat(decide(own("2026-02-28", rules), "H20", "").verdict()).isEqualTo(Verdict.DENIED);
    assertThat(decide(own("2026-03-01", rules), "H20", "").verdict()).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void rulesThatContradictEachOtherAreReportedAndTheDenialCounts() throws IOException {
    Decision decision =
        decide(
            own(
                "2026-08-13",
                "id,effect,when,source\nYES,allow,vendor == 'NVIDIA',s\nNO,deny,tpp < 4800,s\n"),
            "H20",
            "");
    assertThat(decision.verdict()).isEqualTo(Verdict.DENIED);
    assertThat(decision.contradictions())
        .singleElement()
        .asString()
        .contains("YES (")
        .contains("allows what NO (")
        .contains("the denial counts");
    Decision settled =
        decide(
            own(
                "2026-08-13",
                "id,effect,when,overrides,source\nYES,allow,vendor == 'NVIDIA',NO,s\nNO,deny,tpp < 4800,,s\n"),
            "H20",
            "");
    assertThat(settled.verdict()).isEqualTo(Verdict.ALLOWED);
    assertThat(settled.contradictions()).isEmpty();
  }

  @Test
  void aMissingFigureNeitherStrikesNorClears() throws IOException {
    RuleBook book =
        own("2026-08-13", "id,effect,when,source\nD,deny,pd >= 5.92 || tpp > 30000,s\n");
    Decision undecided = decide(book, "MI300X", "");
    assertThat(undecided.verdict()).isEqualTo(Verdict.NEEDS_REASON);
    assertThat(undecided.strikes().getFirst().missing()).containsExactly("pd");
    // what is known may be enough
    assertThat(decide(book, "MI355X", "").verdict()).isEqualTo(Verdict.DENIED);
    assertThat(decide(book, "H20", "").verdict()).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void aShareOfAllChipsCanBeBounded() throws IOException {
    RuleBook book = own("2026-08-13", "id,effect,when,source\nHALF,deny,share > 0.5,s\n");
    assertThat(book.decide(new Subject(CATALOGUE.chip("H20"), List.of(), "", "", 8, 0.5)).verdict())
        .isEqualTo(Verdict.ALLOWED);
    assertThat(
            book.decide(new Subject(CATALOGUE.chip("H20"), List.of(), "", "", 8, 0.51)).verdict())
        .isEqualTo(Verdict.DENIED);
  }

  @Test
  void aBrokenConditionIsToldWithFileLineAndPlace() {
    assertThatThrownBy(() -> own("2026-08-13", "id,effect,when,source\nX,deny,tpq > 4800,s\n"))
        .hasMessageContaining("own.csv line 2, rule X, column when: expected a CEL condition over")
        .hasMessageContaining("undeclared reference to 'tpq'")
        .hasMessageContaining("correct it there");
    assertThatThrownBy(() -> own("2026-08-13", "id,effect,when,source\nX,deny,tpp + 1,s\n"))
        .hasMessageContaining("own.csv line 2, rule X");
    assertThatThrownBy(() -> own("2026-08-13", "id,effect,when,source\nX,forbid,true,s\n"))
        .hasMessageContaining(
            "column effect: expected one of [allow, deny, needs-reason, note], got 'forbid'");
    assertThatThrownBy(
            () -> own("2026-08-13", "id,effect,when,from,source\nX,deny,true,1 March,s\n"))
        .hasMessageContaining("column from: expected a day such as 2026-01-15, got '1 March'");
    assertThatThrownBy(
            () -> own("2026-08-13", "id,effect,when,overrides,source\nX,deny,true,Y,s\n"))
        .hasMessageContaining("column overrides: expected the id of a rule, got 'Y'");
  }

  @Test
  void everyShippedRuleHasASourceAndNotesDecideNothing() {
    RuleBook book = shipped("2026-08-13");
    assertThat(book.rules())
        .hasSize(31)
        .allSatisfy(rule -> assertThat(rule.row().source()).isNotEmpty());
    assertThat(book.rules()).filteredOn(Rule::isPress).hasSizeGreaterThan(3);
  }
}
