package dev.bascule.plan.policy;

/** What a rule that strikes does to a placement. */
public enum Effect {
  ALLOW("allow"),
  DENY("deny"),
  /** It may be, with a reason written down (and whatever the rule says to obtain). */
  NEEDS_REASON("needs-reason"),
  /** It says what happened and decides nothing. */
  NOTE("note");

  private final String text;

  Effect(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }
}
