package dev.bascule.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

class DimTest {
  private static final Symbol A = new Symbol("a", 1, 7);
  private static final Symbol B = new Symbol("b", 0, 5);
  private static final Symbol C = new Symbol("c", 2, 100);
  private static final Dim DIM_A = Dim.of(A);
  private static final Dim DIM_B = Dim.of(B);
  private static final Dim DIM_C = Dim.of(C);

  /** An expression twice: as a dimension, and as the arithmetic it should mean. */
  private record Twin(Dim dim, ToLongFunction<Bindings> meaning) {}

  private static Twin random(Random random, int depth) {
    if (depth == 0 || random.nextInt(5) == 0) {
      return leaf(random);
    }
    Twin x = random(random, depth - 1);
    Twin y = random(random, depth - 1);
    ToLongFunction<Bindings> a = x.meaning;
    ToLongFunction<Bindings> b = y.meaning;
    return switch (random.nextInt(8)) {
      case 0, 1 -> new Twin(x.dim.plus(y.dim), e -> a.applyAsLong(e) + b.applyAsLong(e));
      case 2 -> new Twin(x.dim.minus(y.dim), e -> a.applyAsLong(e) - b.applyAsLong(e));
      case 3 -> new Twin(x.dim.times(y.dim), e -> a.applyAsLong(e) * b.applyAsLong(e));
      case 4 -> new Twin(x.dim.min(y.dim), e -> Math.min(a.applyAsLong(e), b.applyAsLong(e)));
      case 5 -> new Twin(x.dim.max(y.dim), e -> Math.max(a.applyAsLong(e), b.applyAsLong(e)));
      case 6 -> {
        Twin by = divisor(random);
        ToLongFunction<Bindings> d = by.meaning;
        yield new Twin(
            x.dim.floorDiv(by.dim), e -> Math.floorDiv(a.applyAsLong(e), d.applyAsLong(e)));
      }
      default -> {
        Twin by = divisor(random);
        ToLongFunction<Bindings> d = by.meaning;
        yield new Twin(x.dim.mod(by.dim), e -> Math.floorMod(a.applyAsLong(e), d.applyAsLong(e)));
      }
    };
  }

  private static Twin leaf(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> new Twin(DIM_A, e -> e.get(A));
      case 1 -> new Twin(DIM_B, e -> e.get(B));
      case 2 -> new Twin(DIM_C, e -> e.get(C));
      default -> {
        long value = random.nextInt(-4, 9);
        yield new Twin(Dim.of(value), e -> value);
      }
    };
  }

  /** Never 0, but negative at times. */
  private static Twin divisor(Random random) {
    long factor = random.nextBoolean() ? random.nextInt(1, 6) : -random.nextInt(1, 4);
    return switch (random.nextInt(3)) {
      case 0 -> new Twin(DIM_A.times(factor), e -> e.get(A) * factor);
      case 1 -> new Twin(DIM_C.plus(DIM_B), e -> e.get(C) + e.get(B));
      default -> new Twin(Dim.of(factor), e -> factor);
    };
  }

  private static Bindings bindings(Random random) {
    return new Bindings(
        Map.of(
            A, random.nextLong(A.min(), A.max() + 1),
            B, random.nextLong(B.min(), B.max() + 1),
            C, random.nextLong(C.min(), C.max() + 1)));
  }

  @Test
  void expressionsEvaluateToWhatTheyMeanWithinTheirBounds() {
    for (long seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      Twin twin = random(random, 4);
      for (int i = 0; i < 10; i++) {
        Bindings bindings = bindings(random);
        long expected = twin.meaning.applyAsLong(bindings);
        assertThat(twin.dim.evaluate(bindings))
            .as("seed %d: %s at %s", seed, twin.dim, bindings)
            .isEqualTo(expected);
        assertThat(expected)
            .as("seed %d: bounds of %s at %s", seed, twin.dim, bindings)
            .isBetween(twin.dim.min(), twin.dim.max());
      }
    }
  }

  @Test
  void substitutionIsEvaluationInTwoSteps() {
    for (long seed = 0; seed < 1000; seed++) {
      Random random = new Random(seed);
      Twin twin = random(random, 3);
      // within the range of the symbol that it replaces
      Dim replacement = DIM_A.min(Dim.of(B.max()));
      Dim substituted = twin.dim.substitute(Map.of(B, replacement));
      assertThat(substituted.symbols()).doesNotContain(B);
      Bindings bindings = bindings(random);
      Map<Symbol, Long> moved = new HashMap<>(bindings.values());
      moved.put(B, replacement.evaluate(bindings));
      assertThat(substituted.evaluate(bindings))
          .as("seed %d: %s", seed, twin.dim)
          .isEqualTo(twin.meaning.applyAsLong(new Bindings(moved)));
    }
  }

  @Test
  void anExactQuotientTimesItsDivisorIsTheDividend() {
    int found = 0;
    for (long seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      Dim divisor = random(random, 1).dim;
      Dim dividend = random(random, 3).dim.times(random.nextBoolean() ? divisor : Dim.ONE);
      if (divisor.is(0)) {
        continue;
      }
      Dim quotient = dividend.exactQuotient(divisor);
      if (quotient != null) {
        found++;
        assertThat(quotient.times(divisor)).as("seed %d", seed).isEqualTo(dividend);
      }
    }
    assertThat(found).isGreaterThan(500);
  }

  @Test
  void equalPolynomialsHaveOneForm() {
    Dim square = DIM_A.plus(DIM_B).times(DIM_A.plus(DIM_B));
    Dim expanded = DIM_B.times(DIM_B).plus(DIM_A.times(DIM_A)).plus(DIM_A.times(DIM_B).times(2));
    assertThat(square).isEqualTo(expanded).hasSameHashCodeAs(expanded);
    assertThat(square).hasToString(expanded.toString());
    assertThat(DIM_A.minus(DIM_A)).isEqualTo(Dim.ZERO);
    assertThat(DIM_A.min(DIM_B)).isEqualTo(DIM_B.min(DIM_A));
    assertThat(DIM_A.max(DIM_B)).isEqualTo(DIM_B.max(DIM_A));
  }

  @Test
  void whatTheRangesDecideIsDecided() {
    assertThat(DIM_A.min(DIM_C.plus(5))).isEqualTo(DIM_A);
    assertThat(DIM_B.max(Dim.of(5))).isEqualTo(Dim.of(5));
    assertThat(DIM_B.floorDiv(Dim.of(6))).isEqualTo(Dim.ZERO);
    assertThat(DIM_B.mod(Dim.of(6))).isEqualTo(DIM_B);
    assertThat(Dim.symbol("one", 4, 4)).isEqualTo(Dim.of(4));
  }

  @Test
  void divisionsThatComeOutEvenAreSimple() {
    assertThat(DIM_A.times(6).plus(DIM_B.times(4)).floorDiv(Dim.of(2)))
        .isEqualTo(DIM_A.times(3).plus(DIM_B.times(2)));
    assertThat(DIM_A.times(DIM_C).floorDiv(DIM_C)).isEqualTo(DIM_A);
    assertThat(DIM_A.times(DIM_C).mod(DIM_A)).isEqualTo(Dim.ZERO);
    assertThat(Dim.of(7).ceilDiv(Dim.of(4))).isEqualTo(Dim.of(2));
    assertThat(Dim.of(-7).floorDiv(Dim.of(4))).isEqualTo(Dim.of(-2));
  }

  @Test
  void printsAsArithmetic() {
    assertThat(DIM_A.times(DIM_C).times(2).minus(DIM_B).plus(3)).hasToString("2*a*c-b+3");
    assertThat(DIM_A.plus(1).floorDiv(Dim.of(2))).hasToString("(a+1)/(2)");
    assertThat(DIM_A.min(DIM_B)).hasToString("min(a, b)");
    assertThat(Dim.ZERO).hasToString("0");
  }

  @Test
  void divisionByZeroIsRefusedWhenItIsKnown() {
    assertThatThrownBy(() -> DIM_A.floorDiv(Dim.ZERO))
        .isInstanceOf(ShapeException.class)
        .hasMessage("dimension a divided by zero");
    assertThatThrownBy(() -> DIM_A.mod(Dim.ZERO)).isInstanceOf(ShapeException.class);
    Dim quotient = DIM_C.floorDiv(DIM_B);
    assertThatThrownBy(() -> quotient.evaluate(new Bindings(Map.of(B, 0L, C, 3L))))
        .isInstanceOf(ShapeException.class)
        .hasMessage("dimension (c)/(b) divides by zero");
  }

  @Test
  void overflowIsAShapeError() {
    Dim huge = Dim.of(Long.MAX_VALUE);
    List<Runnable> overflows =
        List.of(
            () -> huge.plus(1),
            () -> huge.times(2),
            () -> huge.times(DIM_C).times(DIM_A).plus(huge).evaluate(bindings(new Random(1))));
    for (Runnable overflow : overflows) {
      assertThatThrownBy(overflow::run)
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("overflows 64 bits");
    }
    assertThat(huge.times(DIM_C).max()).as("saturated").isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aSymbolWithoutValueOrOutsideItsRangeIsNamed() {
    assertThatThrownBy(() -> DIM_A.plus(DIM_B).evaluate(new Bindings(Map.of(A, 2L))))
        .hasMessage("dimension 'b' has no value; bound: {a=2}");
    assertThatThrownBy(() -> new Bindings(Map.of(A, 8L)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("dimension 'a' is 8, outside its declared range [1, 7]");
    assertThatThrownBy(() -> new Bindings(Map.of(A, 3L)).with(A, 4))
        .hasMessage("dimension 'a' is both 3 and 4");
    assertThatThrownBy(() -> new Symbol("n", 3, 2)).hasMessageContaining("range [3, 2]");
    assertThatThrownBy(() -> new Symbol(" ", 1, 2)).hasMessageContaining("needs a name");
  }

  @Test
  void onlyConstantsHaveAValueAtOnce() {
    assertThat(DIM_A.minus(DIM_A).plus(4).constant()).isEqualTo(4);
    assertThatThrownBy(DIM_A::constant).hasMessage("dimension a is not a constant");
  }
}
