package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.cpu.portable.PortableCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PortableCodeTest {
  private static final int KERNELS = Integer.getInteger("bascule.randomKernels", 400);

  @Test
  void randomKernelsGiveTheInterpretersBits() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + KERNELS; seed++) {
      check(seed);
    }
  }

  static void check(long seed) {
    RandomGenerator random = new Random(seed);
    RandomKernel drawn = new RandomKernel(random);
    try (Arena arena = Arena.ofConfined();
        PortableCode code = new PortableCode(drawn.kernel(), 2)) {
      List<MemorySegment> expected = drawn.operands(arena, seed);
      List<MemorySegment> got = RandomKernel.copies(expected, arena);
      KernelInterpreter.run(drawn.kernel(), expected, drawn.dims());
      try (KernelCode.BoundCode bound = code.bind(got, drawn.dims())) {
        long middle = bound.units() / 2;
        bound.run(1, middle, bound.units());
        bound.run(0, 0, middle);
        assertThat(bound.takeFault()).isFalse();
      }
      assertThat(drawn.difference(expected, got))
          .as("seed %d, dimensions %s, %s", seed, drawn.dims(), drawn.kernel())
          .isEmpty();
    }
  }
}
