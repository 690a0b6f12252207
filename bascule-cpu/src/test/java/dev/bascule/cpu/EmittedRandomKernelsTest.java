package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.cpu.asm.CpuFeatures;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.emit.KernelTrial;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EmittedRandomKernelsTest {
  private static final int KERNELS = Integer.getInteger("bascule.randomKernels", 400);

  @Test
  void randomKernelsGiveTheInterpretersBitsOrAreDeclined() {
    IsaLevel best = CpuFeatures.detect().level();
    long first = System.nanoTime();
    for (IsaLevel isa : List.of(IsaLevel.AVX2, IsaLevel.AVX512)) {
      int emitted = 0;
      for (long seed = first; seed < first + KERNELS && best.includes(isa); seed++) {
        RandomKernel drawn = new RandomKernel(new Random(seed));
        String found =
            KernelTrial.compare(
                drawn.kernel(),
                drawn.dims(),
                isa,
                seed,
                (dtype, p, r) -> KernelTrial.any(dtype, r));
        if (!found.startsWith("declined")) {
          emitted++;
          assertThat(found).as("seed %d, %s, %s", seed, isa, drawn.kernel()).isEmpty();
        }
      }
      assertThat(emitted).as("kernels of %d that were emitted", KERNELS).isPositive();
    }
  }
}
