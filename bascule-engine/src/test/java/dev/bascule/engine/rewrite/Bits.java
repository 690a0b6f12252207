package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.kernel.Storage;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;

/** Comparisons to the bit, and values that tell rules that keep all bits from those that do not. */
final class Bits {
  private static final double[] SPECIALS = {
    0.0,
    -0.0,
    1,
    -1,
    2,
    0.5,
    -1.5,
    3,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -1e-40,
    0x1p-24,
    Float.MAX_VALUE,
    65504,
    -0.1,
    7,
    1e10,
    -129,
    255
  };

  private Bits() {}

  /** A tensor of special and ordinary values, all bit patterns in reach for integers. */
  static Tensor specials(Random random, DType dtype, long... extents) {
    Tensor tensor = Tensor.zeros(dtype, extents);
    for (long i = 0; i < tensor.elements(); i++) {
      if (dtype == DType.BOOL) {
        tensor.set(i, random.nextInt(2));
      } else if (dtype.isFloat() || random.nextInt(3) > 0) {
        double value =
            random.nextInt(3) > 0
                ? SPECIALS[random.nextInt(SPECIALS.length)]
                : random.nextGaussian() * 10;
        Storage.storeNumber(dtype, tensor.bytes(), i, value);
      } else {
        tensor.set(i, random.nextLong());
      }
    }
    return tensor;
  }

  /** The outputs are equal bit for bit, any NaN to any NaN. */
  static void assertSame(Graph expected, Graph actual, Map<String, Tensor> inputs) {
    Map<String, Tensor> wanted = Reference.run(expected, inputs);
    Map<String, Tensor> given = Reference.run(actual, inputs);
    assertThat(given.keySet()).isEqualTo(wanted.keySet());
    Iterator<Tensor> tensors = given.values().iterator();
    wanted.values().forEach(tensor -> assertSame(tensor, tensors.next(), expected, actual));
  }

  private static void assertSame(Tensor expected, Tensor actual, Graph from, Graph to) {
    assertThat(actual.type()).isEqualTo(expected.type());
    for (long i = 0; i < expected.elements(); i++) {
      boolean same =
          expected.get(i) == actual.get(i)
              || (Double.isNaN(expected.number(i)) && Double.isNaN(actual.number(i)));
      assertThat(same)
          .as("element %d: %s became %s%n%s%n%s", i, expected.number(i), actual.number(i), from, to)
          .isTrue();
    }
  }
}
