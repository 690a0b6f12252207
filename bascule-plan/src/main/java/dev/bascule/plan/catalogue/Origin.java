package dev.bascule.plan.catalogue;

import dev.bascule.plan.PlanException;

/**
 * Where a row stands and where its facts come from.
 *
 * @param confidence A a vendor's page, paper or code; B several consistent secondary sources; C one
 *     source, conflicting ones or rumour
 */
public record Origin(String file, int line, String source, String date, String confidence) {

  /** {@code chips.csv line 7}. */
  public String place() {
    return line > 0 ? file + " line " + line : file;
  }

  /** The error that this row is not what it should be. */
  public PlanException wrong(String expected, String got, String remedy) {
    return new PlanException(place() + ": expected " + expected + ", got " + got + "; " + remedy);
  }
}
