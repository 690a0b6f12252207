package dev.bascule.plan.policy;

import dev.bascule.plan.catalogue.Chip;

/** What the rules say of a chip in a placement, labels and place being settled. */
@FunctionalInterface
public interface Rulings {
  /**
   * Asks.
   *
   * @param chips how many of this chip
   * @param vendorChips how many of this vendor's in the placement
   * @param allChips how many in the placement
   */
  Decision of(Chip chip, int chips, int vendorChips, int allChips);
}
