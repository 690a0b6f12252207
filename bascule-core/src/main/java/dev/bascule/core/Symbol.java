package dev.bascule.core;

/**
 * A named dimension with its declared range, both ends included. Memory is sized at {@code max}; a
 * run with a value outside the range is refused.
 */
public record Symbol(String name, long min, long max) implements Comparable<Symbol> {
  /** The largest extent a dimension may be declared to have. */
  public static final long LIMIT = 1L << 48;

  public Symbol {
    if (name.isBlank()) {
      throw new ShapeException("a dimension symbol needs a name");
    }
    if (min < 0 || max < min || max > LIMIT) {
      throw new ShapeException(
          "dimension '"
              + name
              + "': range ["
              + min
              + ", "
              + max
              + "] must satisfy 0 <= min <= max <= "
              + LIMIT);
    }
  }

  @Override
  public int compareTo(Symbol other) {
    int byName = name.compareTo(other.name);
    if (byName != 0) {
      return byName;
    }
    int byMin = Long.compare(min, other.min);
    return byMin != 0 ? byMin : Long.compare(max, other.max);
  }

  @Override
  public String toString() {
    return name;
  }
}
