package dev.bascule.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KernelBuilderTest {
  private static final Access X = new Access(0, Dim.ZERO, List.of(Dim.of(4), Dim.ONE));
  private static final Access Y = new Access(1, Dim.ZERO, List.of(Dim.of(4), Dim.ONE));
  private static final Access ROWS = new Access(1, Dim.ZERO, List.of(Dim.ONE, Dim.ZERO));

  private KernelBuilder map;
  private KernelBuilder row;

  @BeforeEach
  void parameters() {
    map = new KernelBuilder("map", List.of(Dim.of(3), Dim.of(4)), 0);
    row = new KernelBuilder("row", List.of(Dim.of(3), Dim.of(4)), 1);
    for (KernelBuilder b : List.of(map, row)) {
      b.input("x", DType.F32);
      b.output("y", DType.F32);
    }
  }

  @Test
  void equalStepsAreOneStep() {
    Term once = map.add(map.load(X), map.constant(2f));
    Term again = map.add(map.load(X), map.constant(2f));
    assertThat(again).isEqualTo(once);
    assertThat(map.size()).isEqualTo(3);
    assertThat(map.constant(0f)).as("of -0 and 0").isNotEqualTo(map.constant(-0f));
  }

  @Test
  void stepsOverConstantsAreComputed() {
    Term term = map.mul(map.add(map.constant(2f), map.constant(3f)), map.constant(0.5f));
    assertThat(term).isEqualTo(map.constant(2.5f));
    Term choice = map.select(map.constant(true), map.constant(1), map.constant(2));
    assertThat(choice).isEqualTo(map.constant(1));
    assertThat(map.extent(Dim.of(7))).isEqualTo(map.constant(7L));
  }

  @Test
  void whatNoStoreNeedsIsGone() {
    Term x = map.load(X);
    map.mul(x, map.constant(7f));
    map.store(Y, map.neg(x));
    Kernel kernel = map.build();
    assertThat(kernel.body()).hasSize(3);
    assertThat(kernel.body().getLast()).isEqualTo(new Instruction.Store(Y, 1, -1, ScalarType.F32));
  }

  @Test
  void whatIsTheSameAlongTheRowIsKnown() {
    Term x = row.load(X);
    Term sum = row.reduce(Reduction.SUM, x);
    row.store(Y, row.div(x, sum));
    boolean[] uniform = row.build().rowUniform();
    assertThat(uniform).containsExactly(false, true, false, false);
  }

  @Test
  void typesMustFit() {
    Term x = map.load(X);
    assertThatThrownBy(() -> map.add(x, map.constant(1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("ADD does not take [F32, F64]");
    assertThatThrownBy(() -> map.apply(Primitive.AND, x, x))
        .hasMessage("AND does not take [F32, F32]");
    assertThatThrownBy(() -> map.select(x, x, x)).hasMessageContaining("SELECT does not take");
    assertThatThrownBy(() -> map.store(Y, map.constant(1)))
        .hasMessage("kernel map: stored value must be F32, not I32");
    assertThatThrownBy(() -> map.loadAt(X, map.constant(1), Dim.ONE, Dim.ONE))
        .hasMessage("kernel map: load index must be I64, not I32");
  }

  @Test
  void anInputIsNotStoredInto() {
    map.store(X, map.constant(1f));
    assertThatThrownBy(map::build).hasMessageContaining("stores into an input");
  }

  @Test
  void onlyRowsFold() {
    map.store(Y, map.reduce(Reduction.SUM, map.load(X)));
    assertThatThrownBy(map::build).hasMessageContaining("the kernel has no row axes");
    assertThatThrownBy(() -> row.reduce(Reduction.FMA, row.load(X)))
        .hasMessageContaining("use dot");
  }

  @Test
  void aValueThatVariesDoesNotFitIntoOneElement() {
    row.store(ROWS, row.load(X));
    assertThatThrownBy(row::build)
        .hasMessageContaining("a value that varies along the row goes to one element");
  }

  @Test
  void aDotStartsFromAValueOfTheWholeRow() {
    Term x = row.load(X);
    row.store(ROWS, row.dot(x, x, x));
    assertThatThrownBy(row::build).hasMessageContaining("the initial value varies along the row");
  }

  @Test
  void aRowRankIsPartOfTheDomain() {
    assertThatThrownBy(() -> new KernelBuilder("k", List.of(Dim.ONE), 2))
        .hasMessage("kernel k: row rank 2 of domain [1]");
  }
}
