package dev.bascule.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.asm.CpuFeatures;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EmitterTest {
  /** Around the widths of pieces and of the 32 lanes. */
  static final long[] LENGTHS = {0, 1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000};

  static Stream<IsaLevel> levels() {
    IsaLevel best = CpuFeatures.detect().level();
    return Stream.of(IsaLevel.AVX2, IsaLevel.AVX512).filter(best::includes);
  }

  @ParameterizedTest
  @MethodSource("levels")
  void kernelsOfModelsGiveTheInterpretersBitsForAnyLength(IsaLevel isa) {
    for (long columns : LENGTHS) {
      for (Kernel kernel : KernelShelf.all(Dim.of(5), Dim.of(columns))) {
        agree(kernel, Bindings.NONE, isa, columns);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("levels")
  void dimensionsAreArguments(IsaLevel isa) {
    Symbol rows = new Symbol("rows", 0, 1 << 20);
    Symbol columns = new Symbol("columns", 0, 1 << 20);
    for (long length : LENGTHS) {
      Bindings dims = new Bindings(Map.of(rows, 3L, columns, length));
      for (Kernel kernel : KernelShelf.all(Dim.of(rows), Dim.of(columns))) {
        agree(kernel, dims, isa, length);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("levels")
  void rowsTooLongToBeKeptAreStreamed(IsaLevel isa) {
    Symbol columns = new Symbol("columns", 0, 1 << 20);
    for (long length : List.of(65_536L, 65_537L, 100_003L)) {
      Bindings dims = new Bindings(Map.of(columns, length));
      agree(KernelShelf.softmax(Dim.of(2), Dim.of(columns)), dims, isa, length);
    }
  }

  private static void agree(Kernel kernel, Bindings dims, IsaLevel isa, long seed) {
    String tame =
        KernelTrial.compare(kernel, dims, isa, seed, (dtype, p, r) -> KernelTrial.tame(dtype, r));
    assertThat(tame).as("%s, %s, seed %d", kernel.name(), isa, seed).isEmpty();
    String any =
        KernelTrial.compare(kernel, dims, isa, seed, (dtype, p, r) -> KernelTrial.any(dtype, r));
    assertThat(any).as("%s of special values, %s, seed %d", kernel.name(), isa, seed).isEmpty();
  }
}
