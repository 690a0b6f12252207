package dev.bascule.plan.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.performance.Efficiency;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Sustained;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Best;
import dev.bascule.plan.placement.Cost;
import dev.bascule.plan.placement.Search;
import dev.bascule.plan.placement.Targets;
import dev.bascule.plan.policy.Decision;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class HtmlReportTest {
  private static String page(double millis) {
    Catalogue catalogue = Catalogue.shipped();
    Speed speed = new Speed(Efficiency.shipped(), new Sustained(catalogue.chips()));
    Search search =
        new Search(
            catalogue,
            speed,
            Cost.usual(),
            new Targets(millis / 1000, OptionalDouble.empty(), OptionalDouble.empty(), 16));
    Work work = new Work(catalogue.model("Llama-3.1-70B"), Format.BF16, 2048, 1024);
    Best best =
        Best.of(
            search,
            catalogue.chips(),
            new Best.Request(
                work,
                Optional.empty(),
                Best.Aim.CHEAPEST,
                false,
                java.util.EnumSet.allOf(Best.Way.class)),
            (chip, n, ofVendor, all) ->
                new Decision(Decision.Verdict.ALLOWED, List.of(), List.of()),
            name -> {});
    return new HtmlReport(speed, search, work, best, LocalDate.parse("2026-08-13")).page();
  }

  @Test
  void thePageHoldsAllThatItNeeds() {
    String page = page(50);
    assertThat(page)
        .startsWith("<!doctype html>")
        .contains("<svg", "Placements", "Roofline", "Cost against time per token")
        .doesNotContainPattern("(src|href|url\\(|@import|<script|<link|<img)")
        .doesNotContain("NaN", "Infinity");
    assertThat(page.split("<svg")).hasSize(4);
    assertThat(page.split("<tr>", -1).length).isEqualTo(page.split("</tr>", -1).length);
  }

  @Test
  void aSearchWithoutResultIsAPageThatSaysSo() {
    assertThat(page(0.1)).contains("No placement meets the targets and the rules.");
  }

  @Test
  void namesCannotBreakThePage() {
    assertThat(Html.escape("<b a=\"x\">&")).isEqualTo("&lt;b a=&quot;x&quot;&gt;&amp;");
    assertThat(Html.table(new Grid("a<b").row("<script>"))).doesNotContain("<script>");
  }
}
