package dev.bascule.core;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An extent, stride or offset: an integer expression over {@link Symbol}s, kept in one canonical
 * form - a polynomial with integer coefficients over atoms, where an atom is a symbol or a
 * quotient, remainder, minimum or maximum that did not simplify. Equal canonical forms are equal
 * for all values, which is how shapes are compared at compile time.
 *
 * <p>Nearly all of them are constants, and a model has them in the hundred thousands: a constant is
 * a number and nothing else.
 */
public final class Dim implements Comparable<Dim> {
  private static final Term[] NONE = {};

  public static final Dim ZERO = of(0);
  public static final Dim ONE = of(1);

  /** A multiple, never 0, of a product. */
  private record Term(Monomial monomial, long factor) {}

  /** In order, each product once. */
  private final Term[] terms;

  /** What is added to the terms. */
  private final long constant;

  /** Written when it is first asked for; threads may write the same more than once. */
  private @Nullable String text;

  private Dim(Term[] terms, long constant) {
    this.terms = terms;
    this.constant = constant;
  }

  public static Dim of(long value) {
    return new Dim(NONE, value);
  }

  public static Dim of(Symbol symbol) {
    return symbol.min() == symbol.max() ? of(symbol.min()) : of(new Atom.Free(symbol));
  }

  /** A dimension symbol with the range {@code [min, max]}. */
  public static Dim symbol(String name, long min, long max) {
    return of(new Symbol(name, min, max));
  }

  private static Dim of(Atom atom) {
    return new Dim(new Term[] {new Term(Monomial.of(atom), 1)}, 0);
  }

  public boolean isConstant() {
    return terms.length == 0;
  }

  public boolean is(long value) {
    return terms.length == 0 && constant == value;
  }

  /** The value of a constant dimension. */
  public long constant() {
    if (!isConstant()) {
      throw new ShapeException("dimension " + this + " is not a constant");
    }
    return constant;
  }

  public Dim plus(Dim other) {
    try {
      return new Dim(sum(terms, other.terms), Math.addExact(constant, other.constant));
    } catch (ArithmeticException e) {
      throw new ShapeException("dimension " + this + " plus " + other + " overflows 64 bits", e);
    }
  }

  /** Merges two lists of terms; those that cancel out vanish. */
  private static Term[] sum(Term[] a, Term[] b) {
    if (a.length == 0 || b.length == 0) {
      return a.length == 0 ? b : a;
    }
    Term[] sum = new Term[a.length + b.length];
    int size = 0;
    int i = 0;
    int j = 0;
    while (i < a.length && j < b.length) {
      int order = a[i].monomial.compareTo(b[j].monomial);
      if (order == 0) {
        long factor = Math.addExact(a[i].factor, b[j].factor);
        if (factor != 0) {
          sum[size++] = new Term(a[i].monomial, factor);
        }
        i++;
        j++;
      } else {
        sum[size++] = order < 0 ? a[i++] : b[j++];
      }
    }
    while (i < a.length) {
      sum[size++] = a[i++];
    }
    while (j < b.length) {
      sum[size++] = b[j++];
    }
    return Arrays.copyOf(sum, size);
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
    try {
      if (other.terms.length == 0) {
        return scaled(other.constant);
      }
      Dim product = other.scaled(constant);
      for (Term term : terms) {
        product = product.plus(other.times(term));
      }
      return product;
    } catch (ArithmeticException e) {
      throw new ShapeException("dimension " + this + " times " + other + " overflows 64 bits", e);
    }
  }

  private Dim scaled(long factor) {
    if (factor == 0 || factor == 1) {
      return factor == 0 ? ZERO : this;
    }
    Term[] scaled = terms.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = new Term(terms[i].monomial, Math.multiplyExact(terms[i].factor, factor));
    }
    return new Dim(scaled, Math.multiplyExact(constant, factor));
  }

  private Dim times(Term by) {
    Term[] products = constant == 0 ? NONE : new Term[] {scaled(by, constant)};
    for (Term term : terms) {
      Term product =
          new Term(term.monomial.times(by.monomial), Math.multiplyExact(term.factor, by.factor));
      products = sum(products, new Term[] {product});
    }
    return new Dim(products, 0);
  }

  private static Term scaled(Term term, long factor) {
    return new Term(term.monomial, Math.multiplyExact(term.factor, factor));
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
      return of(Math.floorDiv(constant, divisor.constant));
    }
    long[] range = range();
    long[] by = divisor.range();
    if (range[0] >= 0 && by[0] > 0 && range[1] < by[0]) {
      return ZERO;
    }
    return of(new Atom.Operation(Atom.Operator.FLOOR_DIV, this, divisor));
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
      return of(Math.floorMod(constant, divisor.constant));
    }
    if (range()[0] >= 0 && range()[1] < divisor.range()[0]) {
      return this;
    }
    return of(new Atom.Operation(Atom.Operator.MOD, this, divisor));
  }

  /** The quotient where the division leaves no remainder for any value; null otherwise. */
  public @Nullable Dim exactQuotient(Dim divisor) {
    if (divisor.terms.length == 0) {
      return exactQuotient(divisor.constant);
    }
    if (equals(divisor)) {
      return ONE;
    }
    if (divisor.terms.length != 1 || divisor.constant != 0 || constant != 0) {
      return null;
    }
    Term by = divisor.terms[0];
    Dim quotient = ZERO;
    for (Term term : terms) {
      List<Atom> rest = term.monomial.over(by.monomial);
      if (rest == null || term.factor % by.factor != 0) {
        return null;
      }
      long factor = term.factor / by.factor;
      quotient =
          quotient.plus(
              rest.isEmpty()
                  ? of(factor)
                  : new Dim(new Term[] {new Term(Monomial.product(rest), factor)}, 0));
    }
    return quotient;
  }

  private @Nullable Dim exactQuotient(long divisor) {
    if (divisor == 0 || constant % divisor != 0) {
      return null;
    }
    Term[] quotient = terms.clone();
    for (int i = 0; i < quotient.length; i++) {
      if (terms[i].factor % divisor != 0) {
        return null;
      }
      quotient[i] = new Term(terms[i].monomial, terms[i].factor / divisor);
    }
    return new Dim(quotient, constant / divisor);
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
    return b[1] <= a[0] ? other : of(ordered(Atom.Operator.MIN, this, other));
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
    return b[0] >= a[1] ? other : of(ordered(Atom.Operator.MAX, this, other));
  }

  private static Atom.Operation ordered(Atom.Operator operator, Dim a, Dim b) {
    return a.compareTo(b) <= 0
        ? new Atom.Operation(operator, a, b)
        : new Atom.Operation(operator, b, a);
  }

  /** The value for these bindings; overflow is a {@link ShapeException}. */
  public long evaluate(Bindings bindings) {
    try {
      long sum = constant;
      for (Term term : terms) {
        long product = term.factor;
        for (Atom atom : term.monomial.atoms()) {
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

  long[] range() {
    long low = constant;
    long high = constant;
    for (Term term : terms) {
      long[] product = {term.factor, term.factor};
      for (Atom atom : term.monomial.atoms()) {
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

  static long saturatedTimes(long a, long b) {
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
    if (isConstant()) {
      return Set.of();
    }
    Set<Symbol> symbols = new TreeSet<>();
    for (Term term : terms) {
      for (Atom atom : term.monomial.atoms()) {
        switch (atom) {
          case Atom.Free free -> symbols.add(free.symbol());
          case Atom.Operation operation -> {
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
    if (isConstant()) {
      return this;
    }
    Dim sum = of(constant);
    for (Term term : terms) {
      Dim product = of(term.factor);
      for (Atom atom : term.monomial.atoms()) {
        Dim value =
            switch (atom) {
              case Atom.Free free -> replacements.getOrDefault(free.symbol(), of(free.symbol()));
              case Atom.Operation o -> {
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

  private String write() {
    if (terms.length == 0) {
      return Long.toString(constant);
    }
    StringBuilder written = new StringBuilder();
    for (Term term : terms) {
      written.append(term.factor < 0 ? "-" : written.isEmpty() ? "" : "+");
      if (Math.abs(term.factor) != 1) {
        written.append(Math.abs(term.factor)).append('*');
      }
      written.append(term.monomial);
    }
    if (constant != 0) {
      written.append(constant < 0 ? "" : "+").append(constant);
    }
    return written.toString();
  }

  /** By their texts. */
  @Override
  public int compareTo(Dim other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    if (!(other instanceof Dim dim)
        || constant != dim.constant
        || terms.length != dim.terms.length) {
      return false;
    }
    for (int i = 0; i < terms.length; i++) {
      if (terms[i].factor != dim.terms[i].factor
          || !terms[i].monomial.equals(dim.terms[i].monomial)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = Long.hashCode(constant);
    for (Term term : terms) {
      hash = 31 * hash + Long.hashCode(term.factor) + term.monomial.hashCode();
    }
    return hash;
  }

  @Override
  public String toString() {
    String known = text;
    if (known == null) {
      known = write();
      text = known;
    }
    return known;
  }
}
