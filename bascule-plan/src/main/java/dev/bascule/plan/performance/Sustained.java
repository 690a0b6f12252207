package dev.bascule.plan.performance;

import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.Quantity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What share of its peak a chip sustains in a large matrix product. Measured where somebody did;
 * else the middle of its family; else, for a chip with much power for little compute, nearly all of
 * it (Gaudi 2 reaches 97 %, Ascend 950PR 99 %: power is what stops the others); else the middle of
 * all.
 */
public final class Sustained {
  private static final double UNCONSTRAINED_TFLOPS_PER_WATT_MAX = 0.75;
  private static final double UNCONSTRAINED_SHARE = 0.97;

  private final List<Chip> chips;

  public Sustained(List<Chip> chips) {
    this.chips = chips.stream().filter(chip -> !chip.isCpu()).toList();
  }

  /** Share of the BF16 peak. */
  public double bf16(Chip chip) {
    if (chip.isCpu()) {
      return measured(chip).orElse(UNCONSTRAINED_SHARE);
    }
    return measured(chip)
        .or(() -> middle(other -> other.family().equals(chip.family())))
        .orElseGet(
            () -> hasPowerToSpare(chip) ? UNCONSTRAINED_SHARE : middle(other -> true).orElse(1.0));
  }

  /** Where the share comes from, for people. */
  public String reason(Chip chip) {
    if (measured(chip).isPresent()) {
      return "measured on this chip";
    }
    if (middle(other -> other.family().equals(chip.family())).isPresent()) {
      return "middle of the family " + chip.family();
    }
    return hasPowerToSpare(chip)
        ? "assumed: little compute for its power, as Gaudi 2 and 950PR"
        : "middle of all measured chips";
  }

  /** Share of the eight-bit peak: measured, or that of BF16 moved as the family's FP8 moves. */
  public double eightBit(Chip chip) {
    Optional<Double> own = ratio(chip, Quantity.FP8_MATMUL_TFLOPS, Quantity.FP8_TFLOPS);
    if (own.isPresent()) {
      return own.get();
    }
    List<Double> moves = new ArrayList<>();
    for (Chip other : chips) {
      if (other.family().equals(chip.family())) {
        ratio(other, Quantity.FP8_MATMUL_TFLOPS, Quantity.FP8_TFLOPS)
            .ifPresent(share -> measured(other).ifPresent(bf16 -> moves.add(share / bf16)));
      }
    }
    return bf16(chip) * median(moves).orElse(1.0);
  }

  private boolean hasPowerToSpare(Chip chip) {
    return chips.stream()
        .filter(other -> other.family().equals(chip.family()))
        .flatMap(other -> ratio(other, Quantity.BF16_TFLOPS, Quantity.TDP_W).stream())
        .anyMatch(density -> density < UNCONSTRAINED_TFLOPS_PER_WATT_MAX);
  }

  private static Optional<Double> measured(Chip chip) {
    return ratio(chip, Quantity.BF16_MATMUL_TFLOPS, Quantity.BF16_TFLOPS);
  }

  private static Optional<Double> ratio(Chip chip, Quantity above, Quantity below) {
    return chip.has(above, below)
        ? chip.figure(above)
            .flatMap(a -> chip.figure(below).map(b -> Math.min(1, a.value() / b.value())))
        : Optional.empty();
  }

  private Optional<Double> middle(Predicate<Chip> wanted) {
    return median(chips.stream().filter(wanted).flatMap(chip -> measured(chip).stream()).toList());
  }

  static Optional<Double> median(List<Double> values) {
    if (values.isEmpty()) {
      return Optional.empty();
    }
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int half = sorted.size() / 2;
    return Optional.of(
        sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2);
  }
}
