package dev.bascule.plan.placement;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Best.Ranked;
import dev.bascule.plan.placement.Best.Refused;
import dev.bascule.plan.policy.Decision;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The reasons for a choice as a dated document: what was asked, what was chosen, what the rules
 * say, what else there was.
 *
 * @param reason in the words of whoever decides; may be empty where no rule wants one
 */
public record Justification(
    LocalDate date, Work work, Targets targets, Ranked chosen, Best best, String reason) {
  /** Said once in each document. */
  public static final String NOTICE =
      "Nothing here is legal advice: rules are summaries of their sources, and figures are estimates with the"
          + " ranges that stand beside them.";

  private static final int ALTERNATIVES_MAX = 8;

  public String markdown() {
    StringBuilder text = new StringBuilder();
    Option option = chosen.option();
    text.append("# ").append(work.model().name()).append(" on ").append(option.text());
    text.append("\n\nDate: ").append(date).append("\n\n").append(NOTICE).append("\n\n## Asked\n\n");
    asked()
        .forEach((name, value) ->
            text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append("\n## Chosen\n\n");
    figures(option)
        .forEach((name, value) ->
            text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append("\n## Rules\n\n");
    chosen.decisions().forEach((chip, decision) -> rules(text, chip, decision));
    text.append("\n## Reason\n\n").append(reason.isEmpty() ? "None was given." : reason);
    text.append("\n\n## Alternatives\n\n");
    for (Ranked other : alternatives()) {
      Option o = other.option();
      text.append("- ")
          .append(o.text())
          .append(": ")
          .append(o.rate())
          .append(" tok/s/chip, ")
          .append(usd(o))
          .append(", ")
          .append(other.rules())
          .append('\n');
    }
    for (Refused refused : best.refused()) {
      text.append("- not ")
          .append(refused.chip().name())
          .append(": ")
          .append(refused.decision().summary())
          .append('\n');
    }
    best.unfit()
        .forEach((chip, why) ->
            text.append("- not ").append(chip).append(": ").append(why).append('\n'));
    text.append("\n## Rows that were used\n\n");
    rowsUsed().forEach(row -> text.append("- ").append(row).append('\n'));
    return text.toString();
  }

  private static void rules(StringBuilder text, String chip, Decision decision) {
    text.append("- ").append(chip).append(": ").append(decision.summary()).append('\n');
    for (String line : explain(decision)) {
      text.append("    - ").append(line).append('\n');
    }
  }

  /** What the condition looked at: {@code place=China, tpp=15832}. */
  private static String figures(Decision.Strike strike) {
    List<String> texts = new ArrayList<>();
    new java.util.TreeMap<>(strike.figures())
        .forEach((name, value) ->
            texts.add(
                name + "=" + (value instanceof Double number ? Figure.digits(number) : value)));
    return String.join(", ", texts);
  }

  /** One line for each rule that struck: what it says, the figures, the source. */
  public static List<String> explain(Decision decision) {
    List<String> lines = new ArrayList<>();
    for (Decision.Strike strike : decision.strikes()) {
      var rule = strike.rule();
      String missing =
          strike.isDecided()
              ? ""
              : "; cannot be decided, because "
                  + String.join(", ", strike.missing())
                  + " is not known";
      String overridden =
          strike.counts() ? "" : "; does not count, " + strike.overriddenBy() + " takes its place";
      lines.add(
          rule.effect().text()
              + " by "
              + rule.id()
              + " ("
              + rule.title()
              + "; "
              + rule.basis()
              + ", in force"
              + rule.from().map(day -> " from " + day).orElse("")
              + rule.until().map(day -> " until " + day).orElse("")
              + ") because "
              + figures(strike)
              + " meets '"
              + rule.when()
              + "'"
              + missing
              + overridden
              + "; source: "
              + rule.row().source()
              + " ["
              + rule.place()
              + "]");
    }
    for (String contradiction : decision.contradictions()) {
      lines.add("contradiction: " + contradiction);
    }
    return lines;
  }

  private Map<String, String> asked() {
    Map<String, String> asked = new LinkedHashMap<>();
    asked.put("model", work.model().name());
    asked.put("tokens in and out", work.input() + " and " + work.output());
    asked.put(
        "time per token", "at most " + Figure.digits(targets.secondsPerToken() * 1000) + " ms");
    targets
        .secondsToFirst()
        .ifPresent(seconds ->
            asked.put("time to the first token", "at most " + Figure.digits(seconds) + " s"));
    targets
        .tokensPerSecond()
        .ifPresent(rate -> asked.put("answer tokens per second", Figure.digits(rate)));
    asked.put("chips", "at most " + targets.chipsMax());
    return asked;
  }

  private static Map<String, String> figures(Option option) {
    Map<String, String> figures = new LinkedHashMap<>();
    figures.put("placement", option.text());
    figures.put("answer tokens per second and chip", option.rate().text());
    figures.put("answer tokens per second in all", option.total().text());
    figures.put("time per token (ms)", option.secondsPerToken().times(1000).text());
    figures.put("time to the first token (s)", option.secondsToFirst().text());
    figures.put("USD for a million answer tokens", usd(option));
    figures.put(
        "power at the plug (kW)",
        option.watts().map(w -> w.times(1e-3).text()).orElse("not known"));
    figures.put(
        "purchase with servers (USD)", option.purchaseUsd().map(Figure::text).orElse("not known"));
    return figures;
  }

  private static String usd(Option option) {
    return option
        .usdPerMillion()
        .map(figure -> "USD " + figure + " a million tokens")
        .orElse("cost not known: " + option.costGap());
  }

  private List<Ranked> alternatives() {
    return best.shown(ALTERNATIVES_MAX + 1).stream()
        .filter(other -> !other.equals(chosen))
        .limit(ALTERNATIVES_MAX)
        .toList();
  }

  /** Every row of the catalogue that the choice rests on. */
  private Set<String> rowsUsed() {
    Set<String> rows = new LinkedHashSet<>();
    rows.add(
        work.model().name()
            + ": "
            + work.model().row().place()
            + ", "
            + work.model().row().source());
    for (Chip chip : chosen.option().kinds()) {
      rows.add(
          chip.name()
              + ": "
              + chip.row().place()
              + ", confidence "
              + chip.row().confidence()
              + ", "
              + chip.row().source()
              + (chip.assumed().isEmpty()
                  ? ""
                  : "; assumed: " + String.join(", ", new java.util.TreeSet<>(chip.assumed()))));
    }
    return rows;
  }

  /** The same for a program. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("date", date.toString());
    json.put("notice", NOTICE);
    json.put("asked", asked());
    json.put("chosen", figures(chosen.option()));
    Map<String, Object> rules = new LinkedHashMap<>();
    chosen
        .decisions()
        .forEach((chip, decision) ->
            rules.put(
                chip, Map.of("verdict", decision.verdict().text(), "because", explain(decision))));
    json.put("rules", rules);
    json.put("reason", reason);
    List<Object> alternatives = new ArrayList<>();
    for (Ranked other : alternatives()) {
      Map<String, Object> one = new LinkedHashMap<>(figures(other.option()));
      one.put("rules", other.rules());
      alternatives.add(one);
    }
    json.put("alternatives", alternatives);
    Map<String, Object> refused = new LinkedHashMap<>();
    best.refused().forEach(r -> refused.put(r.chip().name(), r.decision().summary()));
    json.put("refused", refused);
    json.put("unfit", best.unfit());
    json.put("rows", List.copyOf(rowsUsed()));
    return json;
  }
}
