package dev.bascule.core;

import java.util.Map;
import java.util.TreeMap;

/** Values of dimension symbols for one run. */
public record Bindings(Map<Symbol, Long> values) {
  public static final Bindings NONE = new Bindings(Map.of());

  public Bindings {
    values.forEach((symbol, value) -> {
      if (value < symbol.min() || value > symbol.max()) {
        throw new ShapeException(
            "dimension '"
                + symbol.name()
                + "' is "
                + value
                + ", outside its declared range ["
                + symbol.min()
                + ", "
                + symbol.max()
                + "]; declare a wider range when the model is compiled");
      }
    });
    values = Map.copyOf(values);
  }

  /** The value of {@code symbol}. */
  public long get(Symbol symbol) {
    Long value = values.get(symbol);
    if (value == null) {
      throw new ShapeException(
          "dimension '" + symbol.name() + "' has no value; bound: " + new TreeMap<>(values));
    }
    return value;
  }

  /** These bindings and one more; a second, different value for a symbol is refused. */
  public Bindings with(Symbol symbol, long value) {
    Long old = values.get(symbol);
    if (old != null && old != value) {
      throw new ShapeException(
          "dimension '" + symbol.name() + "' is both " + old + " and " + value);
    }
    Map<Symbol, Long> more = new TreeMap<>(values);
    more.put(symbol, value);
    return new Bindings(more);
  }
}
