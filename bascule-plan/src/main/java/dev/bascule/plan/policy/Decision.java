package dev.bascule.plan.policy;

import java.util.List;
import java.util.Map;

/**
 * What the rules say of a subject, and why.
 *
 * @param strikes every rule in force whose condition holds or cannot be decided
 * @param contradictions pairs of one jurisdiction that say opposite things, neither overriding
 */
public record Decision(Verdict verdict, List<Strike> strikes, List<String> contradictions) {
  public Decision {
    strikes = List.copyOf(strikes);
    contradictions = List.copyOf(contradictions);
  }

  /** The outcome for a placement. */
  public enum Verdict {
    ALLOWED("allowed"),
    NEEDS_REASON("needs a reason"),
    DENIED("denied");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /**
   * A rule that struck.
   *
   * @param figures the figures of the chip that its condition names
   * @param missing those among them that are not known, so that the rule cannot be decided
   * @param overriddenBy the rule that takes its place; empty where it counts
   */
  public record Strike(
      Rule rule, Map<String, Object> figures, List<String> missing, String overriddenBy) {
    public Strike {
      figures = Map.copyOf(figures);
      missing = List.copyOf(missing);
    }

    public boolean counts() {
      return overriddenBy.isEmpty();
    }

    public boolean isDecided() {
      return missing.isEmpty();
    }
  }

  /** In one line: the verdict and the rules that made it. */
  public String summary() {
    List<String> rules =
        strikes.stream()
            .filter(Strike::counts)
            .filter(strike -> strike.rule().effect() != Effect.ALLOW)
            .map(strike -> strike.rule().id() + (strike.isDecided() ? "" : "?"))
            .toList();
    return verdict.text() + (rules.isEmpty() ? "" : " (" + String.join(", ", rules) + ")");
  }
}
