package dev.bascule.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An extent, stride or offset: an integer expression over {@link Symbol}s, kept in one canonical
 * form - a polynomial with integer coefficients over atoms, where an atom is a symbol or a
 * quotient, remainder, minimum or maximum that did not simplify. Equal canonical forms are equal
 * for all values, which is how shapes are compared at compile time.
 */
public final class Dim implements Comparable<Dim> {
  public static final Dim ZERO = new Dim(new TreeMap<>());
  public static final Dim ONE = of(1);

  /** What a monomial multiplies: a symbol, or an operation that polynomials cannot express. */
  private sealed interface Atom extends Comparable<Atom> {
    long evaluate(Bindings bindings);

    /** Smallest and largest value over the declared ranges, saturated. */
    long[] range();

    @Override
    default int compareTo(Atom other) {
      return toString().compareTo(other.toString());
    }
  }

  private record Free(Symbol symbol) implements Atom {
    @Override
    public long evaluate(Bindings bindings) {
      return bindings.get(symbol);
    }

    @Override
    public long[] range() {
      return new long[] {symbol.min(), symbol.max()};
    }

    @Override
    public String toString() {
      return symbol.name();
    }
  }

  private enum Operator {
    FLOOR_DIV("/") {
      @Override
      long apply(long a, long b) {
        return Math.floorDiv(a, b);
      }
    },
    MOD("%") {
      @Override
      long apply(long a, long b) {
        return Math.floorMod(a, b);
      }
    },
    MIN("min") {
      @Override
      long apply(long a, long b) {
        return Math.min(a, b);
      }
    },
    MAX("max") {
      @Override
      long apply(long a, long b) {
        return Math.max(a, b);
      }
    };

    private final String text;

    Operator(String text) {
      this.text = text;
    }

    abstract long apply(long a, long b);
  }

  private record Operation(Operator operator, Dim left, Dim right) implements Atom {
    @Override
    public long evaluate(Bindings bindings) {
      long divisor = right.evaluate(bindings);
      if (divisor == 0 && (operator == Operator.FLOOR_DIV || operator == Operator.MOD)) {
        throw new ShapeException("dimension " + this + " divides by zero");
      }
      return operator.apply(left.evaluate(bindings), divisor);
    }

    @Override
    public long[] range() {
      long[] l = left.range();
      long[] r = right.range();
      return switch (operator) {
        case MIN -> new long[] {Math.min(l[0], r[0]), Math.min(l[1], r[1])};
        case MAX -> new long[] {Math.max(l[0], r[0]), Math.max(l[1], r[1])};
        case MOD -> {
          // the remainder has the divisor's sign, and of a dividend from 0 it is not larger
          long most = Math.max(0, r[1] - 1);
          yield new long[] {
            Math.min(0, r[0] + 1), l[0] >= 0 && r[0] >= 0 ? Math.min(l[1], most) : most
          };
        }
        case FLOOR_DIV -> {
          if (r[0] < 0) {
            // -1 may be among the divisors: the size of the dividend bounds that of the quotient
            long size = Math.max(saturatedTimes(l[0], -1), l[1]);
            yield new long[] {-size, size};
          }
          long least = Math.max(1, r[0]);
          long most = Math.max(1, r[1]);
          yield new long[] {
            Math.floorDiv(l[0], l[0] < 0 ? least : most),
            Math.floorDiv(l[1], l[1] < 0 ? most : least)
          };
        }
      };
    }

    @Override
    public String toString() {
      return operator.text.length() == 1
          ? "(" + left + ")" + operator.text + "(" + right + ")"
          : operator.text + "(" + left + ", " + right + ")";
    }
  }

  /** A product of atoms, sorted, with repetition; empty is 1. */
  private record Monomial(List<Atom> atoms) implements Comparable<Monomial> {
    static final Monomial UNIT = new Monomial(List.of());

    Monomial times(Monomial other) {
      List<Atom> all = new ArrayList<>(atoms);
      all.addAll(other.atoms);
      all.sort(null);
      return new Monomial(List.copyOf(all));
    }

    /** This divided by {@code other}, or null where it does not divide. */
    @org.jspecify.annotations.Nullable
    Monomial over(Monomial other) {
      List<Atom> left = new ArrayList<>(atoms);
      for (Atom atom : other.atoms) {
        if (!left.remove(atom)) {
          return null;
        }
      }
      return new Monomial(List.copyOf(left));
    }

    @Override
    public int compareTo(Monomial other) {
      int bySize = Integer.compare(other.atoms.size(), atoms.size());
      return bySize != 0 ? bySize : atoms.toString().compareTo(other.atoms.toString());
    }
  }

  private final TreeMap<Monomial, Long> terms;
  private final String text;

  private Dim(TreeMap<Monomial, Long> terms) {
    this.terms = terms;
    this.text = write(terms);
  }

  public static Dim of(long value) {
    TreeMap<Monomial, Long> terms = new TreeMap<>();
    if (value != 0) {
      terms.put(Monomial.UNIT, value);
    }
    return new Dim(terms);
  }

  public static Dim of(Symbol symbol) {
    return symbol.min() == symbol.max() ? of(symbol.min()) : of(new Free(symbol));
  }

  /** A dimension symbol with the range {@code [min, max]}. */
  public static Dim symbol(String name, long min, long max) {
    return of(new Symbol(name, min, max));
  }

  private static Dim of(Atom atom) {
    TreeMap<Monomial, Long> terms = new TreeMap<>();
    terms.put(new Monomial(List.of(atom)), 1L);
    return new Dim(terms);
  }

  public boolean isConstant() {
    return terms.isEmpty() || (terms.size() == 1 && terms.firstKey().equals(Monomial.UNIT));
  }

  public boolean is(long value) {
    return isConstant() && constant() == value;
  }

  /** The value of a constant dimension. */
  public long constant() {
    if (!isConstant()) {
      throw new ShapeException("dimension " + this + " is not a constant");
    }
    return terms.isEmpty() ? 0 : terms.firstEntry().getValue();
  }

  public Dim plus(Dim other) {
    TreeMap<Monomial, Long> sum = new TreeMap<>(terms);
    try {
      other.terms.forEach((monomial, factor) -> merge(sum, monomial, factor));
    } catch (ArithmeticException e) {
      throw new ShapeException("dimension " + this + " plus " + other + " overflows 64 bits", e);
    }
    return new Dim(sum);
  }

  public Dim plus(long other) {
    return plus(of(other));
  }

  public Dim minus(Dim other) {
    return plus(other.times(-1));
  }

  public Dim times(long factor) {
    return times(of(factor));
  }

  public Dim times(Dim other) {
    TreeMap<Monomial, Long> product = new TreeMap<>();
    try {
      terms.forEach((m1, f1) ->
          other.terms.forEach(
              (m2, f2) -> merge(product, m1.times(m2), Math.multiplyExact(f1, f2))));
    } catch (ArithmeticException e) {
      throw new ShapeException("dimension " + this + " times " + other + " overflows 64 bits", e);
    }
    return new Dim(product);
  }

  private static void merge(TreeMap<Monomial, Long> terms, Monomial monomial, long factor) {
    long sum = Math.addExact(terms.getOrDefault(monomial, 0L), factor);
    if (sum == 0) {
      terms.remove(monomial);
    } else {
      terms.put(monomial, sum);
    }
  }

  /** Division rounded down. */
  public Dim floorDiv(Dim divisor) {
    if (divisor.is(0)) {
      throw new ShapeException("dimension " + this + " divided by zero");
    }
    Dim exact = exactQuotient(divisor);
    if (exact != null) {
      return exact;
    }
    if (isConstant() && divisor.isConstant()) {
      return of(Math.floorDiv(constant(), divisor.constant()));
    }
    long[] range = range();
    long[] by = divisor.range();
    if (range[0] >= 0 && by[0] > 0 && range[1] < by[0]) {
      return ZERO;
    }
    return of(new Operation(Operator.FLOOR_DIV, this, divisor));
  }

  /** Division rounded up. */
  public Dim ceilDiv(Dim divisor) {
    return plus(divisor).plus(-1).floorDiv(divisor);
  }

  /** What {@link #floorDiv} leaves; of the divisor's sign. */
  public Dim mod(Dim divisor) {
    if (divisor.is(0)) {
      throw new ShapeException("dimension " + this + " modulo zero");
    }
    if (exactQuotient(divisor) != null) {
      return ZERO;
    }
    if (isConstant() && divisor.isConstant()) {
      return of(Math.floorMod(constant(), divisor.constant()));
    }
    if (range()[0] >= 0 && range()[1] < divisor.range()[0]) {
      return this;
    }
    return of(new Operation(Operator.MOD, this, divisor));
  }

  /** The quotient where the division leaves no remainder for any value; null otherwise. */
  public @org.jspecify.annotations.Nullable Dim exactQuotient(Dim divisor) {
    if (equals(divisor) && !divisor.is(0)) {
      return ONE;
    }
    if (divisor.terms.size() != 1) {
      return null;
    }
    Monomial by = divisor.terms.firstKey();
    long factor = divisor.terms.firstEntry().getValue();
    TreeMap<Monomial, Long> quotient = new TreeMap<>();
    for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
      Monomial rest = term.getKey().over(by);
      if (rest == null || term.getValue() % factor != 0) {
        return null;
      }
      quotient.put(rest, term.getValue() / factor);
    }
    return new Dim(quotient);
  }

  public Dim min(Dim other) {
    if (equals(other)) {
      return this;
    }
    long[] a = range();
    long[] b = other.range();
    if (a[1] <= b[0]) {
      return this;
    }
    return b[1] <= a[0] ? other : of(ordered(Operator.MIN, this, other));
  }

  public Dim max(Dim other) {
    if (equals(other)) {
      return this;
    }
    long[] a = range();
    long[] b = other.range();
    if (a[0] >= b[1]) {
      return this;
    }
    return b[0] >= a[1] ? other : of(ordered(Operator.MAX, this, other));
  }

  private static Operation ordered(Operator operator, Dim a, Dim b) {
    return a.compareTo(b) <= 0 ? new Operation(operator, a, b) : new Operation(operator, b, a);
  }

  /** The value for these bindings; overflow is a {@link ShapeException}. */
  public long evaluate(Bindings bindings) {
    try {
      long sum = 0;
      for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
        long product = term.getValue();
        for (Atom atom : term.getKey().atoms()) {
          product = Math.multiplyExact(product, atom.evaluate(bindings));
        }
        sum = Math.addExact(sum, product);
      }
      return sum;
    } catch (ArithmeticException e) {
      throw new ShapeException("dimension " + this + " overflows 64 bits", e);
    }
  }

  /**
   * Smallest value over the declared ranges of the symbols (a bound: never larger than the true
   * minimum).
   */
  public long min() {
    return range()[0];
  }

  /**
   * Largest value over the declared ranges of the symbols (a bound: never smaller than the true
   * maximum).
   */
  public long max() {
    return range()[1];
  }

  private long[] range() {
    long low = 0;
    long high = 0;
    for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
      long[] product = {term.getValue(), term.getValue()};
      for (Atom atom : term.getKey().atoms()) {
        long[] r = atom.range();
        long a = saturatedTimes(product[0], r[0]);
        long b = saturatedTimes(product[0], r[1]);
        long c = saturatedTimes(product[1], r[0]);
        long d = saturatedTimes(product[1], r[1]);
        product[0] = Math.min(Math.min(a, b), Math.min(c, d));
        product[1] = Math.max(Math.max(a, b), Math.max(c, d));
      }
      low = saturatedPlus(low, product[0]);
      high = saturatedPlus(high, product[1]);
    }
    return new long[] {low, high};
  }

  private static long saturatedTimes(long a, long b) {
    long high = Math.multiplyHigh(a, b);
    long low = a * b;
    if ((high == 0 && low >= 0) || (high == -1 && low < 0)) {
      return low;
    }
    return (a < 0) == (b < 0) ? Long.MAX_VALUE : Long.MIN_VALUE;
  }

  private static long saturatedPlus(long a, long b) {
    long sum = a + b;
    if (((a ^ sum) & (b ^ sum)) < 0) {
      return a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
    return sum;
  }

  /** The symbols this expression reads. */
  public Set<Symbol> symbols() {
    Set<Symbol> symbols = new TreeSet<>();
    for (Monomial monomial : terms.keySet()) {
      for (Atom atom : monomial.atoms()) {
        switch (atom) {
          case Free free -> symbols.add(free.symbol());
          case Operation operation -> {
            symbols.addAll(operation.left().symbols());
            symbols.addAll(operation.right().symbols());
          }
        }
      }
    }
    return symbols;
  }

  /** This expression with symbols replaced; symbols that {@code replacements} lacks stay. */
  public Dim substitute(Map<Symbol, Dim> replacements) {
    Dim sum = ZERO;
    for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
      Dim product = of(term.getValue());
      for (Atom atom : term.getKey().atoms()) {
        Dim value =
            switch (atom) {
              case Free free -> replacements.getOrDefault(free.symbol(), of(free.symbol()));
              case Operation o -> {
                Dim left = o.left().substitute(replacements);
                Dim right = o.right().substitute(replacements);
                yield switch (o.operator()) {
                  case FLOOR_DIV -> left.floorDiv(right);
                  case MOD -> left.mod(right);
                  case MIN -> left.min(right);
                  case MAX -> left.max(right);
                };
              }
            };
        product = product.times(value);
      }
      sum = sum.plus(product);
    }
    return sum;
  }

  private static String write(TreeMap<Monomial, Long> terms) {
    if (terms.isEmpty()) {
      return "0";
    }
    StringBuilder text = new StringBuilder();
    terms.forEach((monomial, factor) -> {
      text.append(factor < 0 ? "-" : text.isEmpty() ? "" : "+");
      long size = Math.abs(factor);
      List<String> parts = new ArrayList<>();
      if (size != 1 || monomial.atoms().isEmpty()) {
        parts.add(Long.toString(size));
      }
      monomial.atoms().forEach(atom -> parts.add(atom.toString()));
      text.append(String.join("*", parts));
    });
    return text.toString();
  }

  @Override
  public int compareTo(Dim other) {
    return text.compareTo(other.text);
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof Dim dim && terms.equals(dim.terms);
  }

  @Override
  public int hashCode() {
    return terms.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
