package dev.bascule.core;

/** What a monomial multiplies: a symbol, or an operation that polynomials cannot express. */
sealed interface Atom extends Comparable<Atom> {
  long evaluate(Bindings bindings);

  /** Smallest and largest value over the declared ranges, saturated. */
  long[] range();

  @Override
  default int compareTo(Atom other) {
    return toString().compareTo(other.toString());
  }

  record Free(Symbol symbol) implements Atom {
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

  enum Operator {
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

  record Operation(Operator operator, Dim left, Dim right) implements Atom {
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
            long size = Math.max(Dim.saturatedTimes(l[0], -1), l[1]);
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
}
