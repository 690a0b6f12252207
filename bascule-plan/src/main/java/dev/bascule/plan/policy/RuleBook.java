package dev.bascule.plan.policy;

import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Table;
import dev.bascule.plan.policy.Decision.Strike;
import dev.bascule.plan.policy.Decision.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The rules that a decision asks, on one day. What no rule strikes is allowed; a denial is stronger
 * than a demand for reasons, and that stronger than leave; a rule that overrides another takes its
 * place. Nothing here is legal advice.
 */
public final class RuleBook {
  private final List<Rule> rules;
  private final LocalDate date;
  private final Map<String, Expression> conditions = new LinkedHashMap<>();

  private RuleBook(List<Rule> rules, LocalDate date) {
    this.rules = List.copyOf(rules);
    this.date = date;
    Expression.Compiler compiler = new Expression.Compiler();
    for (Rule rule : rules) {
      if (rule.effect() != Effect.NOTE && rule.on()) {
        conditions.put(rule.id(), compiler.compile(rule));
      }
    }
  }

  /**
   * The shipped rules and those of {@code files}, as they stand on {@code date}.
   *
   * @param switches rules by id, or {@code press} or {@code shipped} for all of them: on or off
   */
  public static RuleBook of(List<Path> files, Map<String, Boolean> switches, LocalDate date) {
    Map<String, Rule> rules = new LinkedHashMap<>();
    add(rules, "rules.csv", Catalogue.resource("rules.csv"));
    int shipped = rules.size();
    for (Path file : files) {
      add(rules, file.toString(), read(file));
    }
    List<Rule> switched = new ArrayList<>(rules.values());
    switches.forEach((name, to) -> {
      boolean known = false;
      for (int i = 0; i < switched.size(); i++) {
        Rule rule = switched.get(i);
        boolean meant =
            rule.id().equals(name)
                || name.equals("press") && rule.isPress()
                || name.equals("shipped") && i < shipped;
        if (meant) {
          switched.set(i, rule.switched(to));
          known = true;
        }
      }
      if (!known) {
        throw new PlanException(
            "no rule "
                + PlanException.quote(name)
                + " is known; 'bascule plan rules' lists all, and 'press' and 'shipped' mean many");
      }
    });
    return new RuleBook(switched, date);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new PlanException(
          file + ": expected a CSV file of rules, but it cannot be read; check the path", e);
    }
  }

  private static void add(Map<String, Rule> rules, String file, String text) {
    for (Table.Row row : Table.read(file, text, Rule.COLUMNS, Rule.REQUIRED).rows()) {
      Rule rule = Rule.of(row);
      Rule before = rules.put(rule.id(), rule);
      if (before != null) {
        throw row.wrong(
            "id", "an id of its own", "'" + rule.id() + "' as in " + before.place(), "rename it");
      }
    }
    for (Rule rule : rules.values()) {
      for (String id : rule.overrides()) {
        if (!rules.containsKey(id)) {
          throw new PlanException(
              rule.place()
                  + ", column overrides: expected the id of a rule, got "
                  + PlanException.quote(id)
                  + "; correct it");
        }
      }
    }
  }

  public List<Rule> rules() {
    return rules;
  }

  public LocalDate date() {
    return date;
  }

  /** What the rules say, with the figures that decided. */
  public Decision decide(Subject subject) {
    Map<String, Object> values = subject.values();
    List<Strike> found = new ArrayList<>();
    for (Rule rule : rules) {
      Expression condition = conditions.get(rule.id());
      if (condition == null || !rule.isInForce(date)) {
        continue;
      }
      switch (condition.evaluate(values)) {
        case Expression.Outcome.Decided(boolean holds) -> {
          if (holds) {
            found.add(new Strike(rule, figures(rule, values), List.of(), ""));
          }
        }
        case Expression.Outcome.Undecided(List<String> missing) ->
            found.add(new Strike(rule, figures(rule, values), missing, ""));
      }
    }
    List<Strike> strikes = found.stream().map(strike -> withOverride(strike, found)).toList();
    return new Decision(verdict(strikes), strikes, contradictions(strikes));
  }

  /** The variables that the condition names, as they are. */
  private static Map<String, Object> figures(Rule rule, Map<String, Object> values) {
    Map<String, Object> named = new TreeMap<>();
    values.forEach((name, value) -> {
      if (Pattern.compile("\\b" + name + "\\b").matcher(rule.when()).find()) {
        named.put(name, value);
      }
    });
    return named;
  }

  private static Strike withOverride(Strike strike, List<Strike> all) {
    return all.stream()
        .filter(other -> other.isDecided() && other.rule().overrides().contains(strike.rule().id()))
        .findFirst()
        .map(other ->
            new Strike(strike.rule(), strike.figures(), strike.missing(), other.rule().id()))
        .orElse(strike);
  }

  private static Verdict verdict(List<Strike> strikes) {
    Verdict verdict = Verdict.ALLOWED;
    for (Strike strike : strikes) {
      if (strike.counts()) {
        Verdict says =
            switch (strike.rule().effect()) {
              case DENY -> strike.isDecided() ? Verdict.DENIED : Verdict.NEEDS_REASON;
              case NEEDS_REASON -> Verdict.NEEDS_REASON;
              case ALLOW, NOTE -> Verdict.ALLOWED;
            };
        verdict = says.compareTo(verdict) > 0 ? says : verdict;
      }
    }
    return verdict;
  }

  private static List<String> contradictions(List<Strike> strikes) {
    List<String> found = new ArrayList<>();
    for (Strike allow : strikes) {
      for (Strike deny : strikes) {
        boolean opposite =
            allow.rule().effect() == Effect.ALLOW && deny.rule().effect() == Effect.DENY;
        boolean both = allow.counts() && deny.counts() && allow.isDecided() && deny.isDecided();
        if (opposite && both && allow.rule().jurisdiction().equals(deny.rule().jurisdiction())) {
          found.add(
              allow.rule().id()
                  + " ("
                  + allow.rule().place()
                  + ") allows what "
                  + deny.rule().id()
                  + " ("
                  + deny.rule().place()
                  + ") denies; the denial counts until one of them overrides the other");
        }
      }
    }
    return found;
  }
}
