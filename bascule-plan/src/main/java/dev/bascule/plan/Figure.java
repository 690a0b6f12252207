package dev.bascule.plan;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number and how far its sources disagree: written {@code 4000} or {@code 4000 (4000..4096)}.
 *
 * @param value the one to plan with
 */
public record Figure(double low, double value, double high) {
  private static final String NUMBER = "(\\d+(?:\\.\\d+)?(?:[eE]\\+?\\d+)?)";
  private static final Pattern WRITTEN =
      Pattern.compile(NUMBER + "(?:\\s*\\(\\s*" + NUMBER + "\\s*\\.\\.\\s*" + NUMBER + "\\s*\\))?");

  public Figure {
    if (!(low <= value && value <= high) || !Double.isFinite(high) || !Double.isFinite(low)) {
      throw new PlanException(
          "a figure needs low <= value <= high, got " + value + " (" + low + ".." + high + ")");
    }
  }

  public static Figure of(double value) {
    return new Figure(value, value, value);
  }

  /** The figure that {@code text} writes; empty where it writes none. */
  public static Optional<Figure> parse(String text) {
    Matcher matcher = WRITTEN.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    double value = Double.parseDouble(matcher.group(1));
    if (matcher.group(2) == null) {
      return Optional.of(of(value));
    }
    double low = Double.parseDouble(matcher.group(2));
    double high = Double.parseDouble(matcher.group(3));
    return low <= value && value <= high
        ? Optional.of(new Figure(low, value, high))
        : Optional.empty();
  }

  public boolean isRange() {
    return low < high;
  }

  public Figure times(double factor) {
    return factor >= 0
        ? new Figure(low * factor, value * factor, high * factor)
        : new Figure(high * factor, value * factor, low * factor);
  }

  public Figure plus(Figure other) {
    return new Figure(low + other.low, value + other.value, high + other.high);
  }

  public Figure times(Figure other) {
    return new Figure(low * other.low, value * other.value, high * other.high);
  }

  /** This over {@code other}, each end against the other's far end. */
  public Figure over(Figure other) {
    return new Figure(low / other.high, value / other.value, high / other.low);
  }

  /** Through a function that never falls. */
  public Figure mapRising(DoubleUnaryOperator function) {
    return new Figure(
        function.applyAsDouble(low), function.applyAsDouble(value), function.applyAsDouble(high));
  }

  /** For a program. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("low", low);
    json.put("value", value);
    json.put("high", high);
    return json;
  }

  /** As people read it: three digits that count, with the range where there is one. */
  public String text() {
    return isRange()
        ? digits(value) + " (" + digits(low) + ".." + digits(high) + ")"
        : digits(value);
  }

  /** {@code number} with three digits that count, without an exponent. */
  public static String digits(double number) {
    if (!Double.isFinite(number)) {
      return "none";
    }
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      return String.format(Locale.ROOT, "%.0f", number);
    }
    double size = Math.abs(number);
    int decimals =
        size >= 100 || size == 0 ? 0 : Math.clamp(2 - (long) Math.floor(Math.log10(size)), 0, 8);
    return String.format(Locale.ROOT, "%." + decimals + "f", number);
  }

  @Override
  public String toString() {
    return text();
  }
}
