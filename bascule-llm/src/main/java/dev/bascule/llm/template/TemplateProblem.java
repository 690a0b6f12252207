package dev.bascule.llm.template;

/** What cannot be done with values; whoever knows the line turns it into the user's error. */
final class TemplateProblem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String expected;
  private final String got;

  TemplateProblem(String expected, String got) {
    super(expected + ", got " + got, null, false, false);
    this.expected = expected;
    this.got = got;
  }

  String expected() {
    return expected;
  }

  String got() {
    return got;
  }
}
