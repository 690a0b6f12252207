package dev.bascule.plan.placement;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ChipSystem;
import dev.bascule.plan.catalogue.Quantity;
import java.util.Optional;

/**
 * What an hour of a chip costs: its price and its share of a server over the years that it serves,
 * and its power; or its rent where it cannot be bought.
 *
 * @param years of service
 * @param hostShare of a server beside its chips, in price and in power, as a share of the chips'
 * @param powerOverhead what a data centre draws for each watt of its machines
 * @param usdPerKwh of power
 * @param utilisation the share of the hours in which it does what was planned
 */
public record Cost(
    Figure years, Figure hostShare, Figure powerOverhead, Figure usdPerKwh, Figure utilisation) {
  private static final double HOURS_PER_YEAR = 8766;

  /** Common practice; each can be set. */
  public static Cost usual() {
    return new Cost(
        new Figure(3, 4, 6),
        new Figure(0.2, 0.35, 0.5),
        new Figure(1.15, 1.3, 1.5),
        new Figure(0.05, 0.08, 0.12),
        new Figure(0.4, 0.6, 0.8));
  }

  public Cost withUtilisation(Figure given) {
    return new Cost(years, hostShare, powerOverhead, usdPerKwh, given);
  }

  public Cost withYears(Figure given) {
    return new Cost(given, hostShare, powerOverhead, usdPerKwh, utilisation);
  }

  public Cost withUsdPerKwh(Figure given) {
    return new Cost(years, hostShare, powerOverhead, given, utilisation);
  }

  /** Watts at the plug for one chip, its share of server and cooling among them. */
  public Optional<Figure> watts(Chip chip, Catalogue catalogue) {
    Optional<Figure> system =
        catalogue.systemsOf(chip).stream()
            .flatMap(s -> s.powerWatts().map(power -> power.times(1.0 / s.chips())).stream())
            .findFirst();
    return system
        .or(() -> chip.figure(Quantity.TDP_W).map(tdp -> tdp.times(onePlus(hostShare))))
        .map(watts -> watts.times(powerOverhead));
  }

  /** USD for one chip and its share of a server. */
  public Optional<Figure> purchaseUsd(Chip chip) {
    return chip.figure(Quantity.PRICE_USD)
        .map(price -> chip.priceCoversServer() ? price : price.times(onePlus(hostShare)));
  }

  /** USD for an hour of one chip; empty where the catalogue has neither price nor rent. */
  public Optional<Figure> usdPerHour(Chip chip, Catalogue catalogue) {
    Optional<Figure> bought = purchaseUsd(chip);
    if (bought.isEmpty()) {
      return chip.figure(Quantity.RENT_USD_HOUR);
    }
    Figure hourly = bought.get().over(years.times(HOURS_PER_YEAR));
    return watts(chip, catalogue).map(watts -> hourly.plus(watts.times(1e-3).times(usdPerKwh)));
  }

  /** What is not known for a cost of this chip. */
  public String missing(Chip chip, Catalogue catalogue) {
    boolean priced = chip.has(Quantity.PRICE_USD) || chip.has(Quantity.RENT_USD_HOUR);
    return priced && watts(chip, catalogue).isPresent()
        ? ""
        : (priced ? "power (tdp_w)" : "price (price_usd)") + " of " + chip.name() + " is not known";
  }

  /** USD for a million tokens at {@code tokensPerSecond} for each chip. */
  public Figure usdPerMillion(Figure usdPerHour, Figure tokensPerSecond) {
    return usdPerHour.over(tokensPerSecond.times(utilisation).times(3600e-6));
  }

  /** The systems that a price was read from, for the account. */
  public static Optional<ChipSystem> system(Chip chip, Catalogue catalogue) {
    return catalogue.systemsOf(chip).stream().findFirst();
  }

  private static Figure onePlus(Figure share) {
    return share.plus(Figure.of(1));
  }
}
