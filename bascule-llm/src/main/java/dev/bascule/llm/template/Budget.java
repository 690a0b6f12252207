package dev.bascule.llm.template;

/**
 * What a template may take: each step, each character and each element that is made costs one. A
 * hostile template ends here.
 */
final class Budget {
  static final long UNITS = 16L << 20;
  static final int DEPTH_MAX = 50;

  /** Expressions within expressions, those of the calls among them: what a thread's stack holds. */
  private static final int NESTED_MAX = 600;

  private long left = UNITS;
  private int depth;
  private int nested;

  void spend(long units) {
    left -= units;
    if (left < 0) {
      throw new TemplateProblem(
          "a template that takes at most " + UNITS + " steps, characters and elements", "more");
    }
  }

  /** A value is asked for; {@link #unnest} when it is there. */
  void nest() {
    spend(1);
    if (++nested > NESTED_MAX) {
      throw new TemplateProblem("expressions at most " + NESTED_MAX + " deep", "a deeper one");
    }
  }

  void unnest() {
    nested--;
  }

  void enter() {
    if (++depth > DEPTH_MAX) {
      throw new TemplateProblem("calls at most " + DEPTH_MAX + " deep", "deeper ones");
    }
  }

  void leave() {
    depth--;
  }
}
