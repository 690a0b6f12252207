package dev.bascule.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.device.View;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelFormsTest {
  private static final Shape SHAPE = Shape.of(3, 4);

  /** Loads [3, 4] of one dtype and stores it transposed in another. */
  private static Kernel turned(DType from, DType to) {
    KernelBuilder b = new KernelBuilder("turn", SHAPE.dims(), 0);
    Access load = new Access(b.input("x", from), Dim.ZERO, SHAPE.strides());
    Access store = new Access(b.output("y", to), Dim.ZERO, List.of(Dim.ONE, Dim.of(3)));
    b.store(store, b.load(load));
    return b.build();
  }

  @Test
  void aTransposedCopyIsALayout() {
    View view = View.contiguous(DType.BF16, SHAPE);
    assertThat(KernelForms.copiedLayout(turned(DType.BF16, DType.BF16), view))
        .hasValueSatisfying(
            layout -> assertThat(layout.strides()).containsExactly(Dim.ONE, Dim.of(3)));
  }

  @Test
  void aCopyIntoAnotherTypeIsNone() {
    View view = View.contiguous(DType.BF16, SHAPE);
    assertThat(KernelForms.copiedLayout(turned(DType.BF16, DType.F32), view)).isEmpty();
  }
}
