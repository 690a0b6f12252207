package dev.bascule.plan.performance;

import dev.bascule.plan.Figure;
import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.catalogue.Quantity;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A chip as the roofline sees it: plain numbers, at one end of the figures' ranges or at their
 * value. All rates are one-directional, in bytes or operations per second.
 *
 * @param bf16Rate sustained operations per second; the others are empty where the chip has none
 * @param dies how many a package has, see {@link #copies}
 */
public record Hardware(
    Chip chip,
    double bf16Rate,
    OptionalDouble eightBitRate,
    OptionalDouble fourBitRate,
    double memoryBytes,
    double memoryRate,
    OptionalDouble linkRate,
    int linkChips,
    OptionalDouble networkRate,
    int dies) {
  private static final double GIGA = 1e9;
  private static final double TERA = 1e12;

  /** Which end of a figure's range. */
  public enum End {
    LOW,
    VALUE,
    HIGH
  }

  public static Hardware of(Chip chip, Sustained sustained, End end) {
    double bf16 = pick(chip.need(Quantity.BF16_TFLOPS, "speed"), end) * TERA * sustained.bf16(chip);
    double eightBitShare = sustained.eightBit(chip) * TERA;
    Optional<Figure> eight =
        chip.figure(Quantity.FP8_TFLOPS).or(() -> chip.figure(Quantity.INT8_TOPS));
    return new Hardware(
        chip,
        bf16,
        scaled(eight, end, eightBitShare),
        scaled(chip.figure(Quantity.FP4_TFLOPS), end, eightBitShare),
        pick(chip.need(Quantity.MEMORY_GB, "whether a model fits"), end) * GIGA,
        pick(chip.need(Quantity.MEMORY_GBPS, "speed"), end) * GIGA,
        scaled(chip.figure(Quantity.LINK_GBPS), end, GIGA / 2),
        (int) chip.figure(Quantity.LINK_CHIPS).map(Figure::value).orElse(1.0).doubleValue(),
        scaled(chip.figure(Quantity.NETWORK_GBPS), end, GIGA),
        (int) chip.figure(Quantity.DIES).map(Figure::value).orElse(1.0).doubleValue());
  }

  /** Whether the catalogue has what speed needs. */
  public static boolean isKnown(Chip chip) {
    return chip.has(Quantity.BF16_TFLOPS, Quantity.MEMORY_GB, Quantity.MEMORY_GBPS);
  }

  private static double pick(Figure figure, End end) {
    return switch (end) {
      case LOW -> figure.low();
      case VALUE -> figure.value();
      case HIGH -> figure.high();
    };
  }

  private static OptionalDouble scaled(Optional<Figure> figure, End end, double factor) {
    return figure.map(f -> OptionalDouble.of(pick(f, end) * factor)).orElse(OptionalDouble.empty());
  }

  /**
   * How often a package holds the weights that all tokens pass. A latent cache cannot be split by
   * heads, so the dies of a package answer different sequences, each with its own copy; other
   * models are split over the dies.
   */
  int copies(ModelShape model) {
    return model.latent().isPresent() ? dies : 1;
  }

  /** Operations per second on numbers of {@code bits}, or on the next wider ones it has. */
  double rate(int bits) {
    if (bits <= 4 && fourBitRate.isPresent()) {
      return fourBitRate.getAsDouble();
    }
    return bits <= 8 && bits > 4 ? eightBitRate.orElse(bf16Rate) : bf16Rate;
  }

  /** Bytes per second to a partner within the first {@code chips} chips. */
  double linkRate(int chips) {
    OptionalDouble rate = chips <= linkChips ? linkRate : networkRate;
    return rate.orElseThrow(() ->
        new PlanException(
            chip.row().place()
                + ": "
                + chip.name()
                + " has no "
                + (chips <= linkChips ? Quantity.LINK_GBPS : Quantity.NETWORK_GBPS).column()
                + ", which work on "
                + chips
                + " chips needs; add a row for it in your own chips.csv (--data)"));
  }

  /** Whether what joins {@code chips} chips is known. */
  public boolean joins(int chips) {
    return chips == 1 || (chips <= linkChips ? linkRate : networkRate).isPresent();
  }
}
