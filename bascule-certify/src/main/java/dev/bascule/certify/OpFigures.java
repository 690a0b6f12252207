package dev.bascule.certify;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What became of one labelled value.
 *
 * @param reads labels of the values that it is computed from
 * @param between the first run and the second
 * @param firstError distance of the first run from f64, relative, on the sample
 * @param secondError distance of the second run from f64, relative, on the sample
 */
public record OpFigures(
    String label,
    String op,
    Set<String> reads,
    Difference between,
    OptionalDouble firstError,
    OptionalDouble secondError) {
  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d+)\\..*");

  /** From here on a difference is more than single roundings make: 32 of f32's last places. */
  static final double ROUNDING = 0x1p-19;

  /** An op that makes a difference so much larger than it found it is where it arises. */
  private static final double GROWTH = 8;

  public OpFigures {
    reads = Set.copyOf(reads);
  }

  /** The number of the layer that the label names; empty beside the layers. */
  public Optional<String> layer() {
    Matcher matcher = LAYER.matcher(label);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** Layer, label and op in words. */
  public String place() {
    return layer().map(number -> "layer " + number + ", ").orElse("") + label + " (" + op + ")";
  }

  /** Whether this differs though everything that it is computed from is equal. */
  static boolean isOrigin(OpFigures figures, List<OpFigures> all) {
    return !figures.between.isNone()
        && all.stream()
            .filter(other -> figures.reads.contains(other.label))
            .allMatch(other -> other.between.isNone());
  }

  /** Whether a difference above rounding arises here, rather than being passed on. */
  static boolean isAboveRounding(OpFigures figures, List<OpFigures> all) {
    double before =
        all.stream()
            .filter(other -> figures.reads.contains(other.label))
            .mapToDouble(other -> other.between.relative())
            .max()
            .orElse(0);
    return figures.between.relative() > Math.max(ROUNDING, GROWTH * before);
  }
}
