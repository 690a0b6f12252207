package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.core.kernel.Storage;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A kernel point by point, as its documentation reads: what rendered kernels are compared with. */
final class KernelInterpreter {
  private final Kernel kernel;
  private final Bindings dims;
  private final List<MemorySegment> memory;
  private final long[] at;
  private final long[] values;

  private KernelInterpreter(Kernel kernel, Bindings dims, List<MemorySegment> memory) {
    this.kernel = kernel;
    this.dims = dims;
    this.memory = memory;
    this.at = new long[kernel.domain().size()];
    this.values = new long[kernel.body().size()];
  }

  static void run(Kernel kernel, Bindings dims, List<MemorySegment> memory) {
    KernelInterpreter interpreter = new KernelInterpreter(kernel, dims, memory);
    long rows = interpreter.extent(0, kernel.outerRank());
    long length = interpreter.extent(kernel.outerRank(), kernel.domain().size());
    for (long row = 0; row < rows; row++) {
      interpreter.place(row, 0, kernel.outerRank());
      long[] folded = new long[kernel.body().size()];
      for (int i = 0; i < folded.length; i++) {
        if (kernel.body().get(i) instanceof Instruction.Reduce fold) {
          folded[i] = interpreter.fold(fold, length, folded);
        }
      }
      if (length == 0) {
        interpreter.point(folded, true);
      }
      for (long e = 0; e < length; e++) {
        interpreter.place(e, kernel.outerRank(), kernel.domain().size());
        interpreter.point(folded, true);
      }
    }
  }

  private long extent(int from, int to) {
    long extent = 1;
    for (int axis = from; axis < to; axis++) {
      extent *= kernel.domain().get(axis).evaluate(dims);
    }
    return extent;
  }

  private void place(long index, int from, int to) {
    for (int axis = to - 1; axis >= from; axis--) {
      long extent = kernel.domain().get(axis).evaluate(dims);
      at[axis] = index % extent;
      index /= extent;
    }
  }

  private long fold(Instruction.Reduce fold, long length, long[] folded) {
    if (fold.reduction() == Reduction.FMA) {
      place(
          0,
          kernel.outerRank(),
          at.length == kernel.outerRank() || length == 0 ? kernel.outerRank() : at.length);
      point(folded, false);
      long sum = values[fold.operands().get(2)];
      for (long e = 0; e < length; e++) {
        place(e, kernel.outerRank(), at.length);
        point(folded, false);
        long a = values[fold.operands().get(0)];
        long b = values[fold.operands().get(1)];
        sum =
            fold.type().isFloat()
                ? Scalars.apply(dev.bascule.core.kernel.Primitive.FMA, fold.type(), a, b, sum)
                : fold.type() == dev.bascule.core.ScalarType.I32
                    ? (int) (a * b + sum)
                    : a * b + sum;
      }
      return sum;
    }
    long[] lanes = new long[Reduction.LANES];
    java.util.Arrays.fill(lanes, fold.reduction().identity(fold.type()));
    for (long e = 0; e < length; e++) {
      place(e, kernel.outerRank(), at.length);
      point(folded, false);
      int lane = (int) (e % lanes.length);
      long value = values[fold.operands().getFirst()];
      lanes[lane] = Scalars.apply(fold.reduction().primitive(), fold.type(), lanes[lane], value, 0);
    }
    for (int half = lanes.length / 2; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        lanes[j] =
            Scalars.apply(fold.reduction().primitive(), fold.type(), lanes[j], lanes[j + half], 0);
      }
    }
    return lanes[0];
  }

  private void point(long[] folded, boolean store) {
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (kernel.body().get(i)) {
            case Instruction.Load load ->
                load.mask() == Instruction.ALWAYS || values[load.mask()] != 0
                    ? load(load.access(), 0)
                    : 0;
            case Instruction.LoadAt load -> {
              long index = values[load.index()];
              boolean inside = index >= 0 && index < load.extent().evaluate(dims);
              yield inside ? load(load.access(), index * load.stride().evaluate(dims)) : 0;
            }
            case Instruction.Constant constant -> constant.bits();
            case Instruction.Index index -> at[index.axis()];
            case Instruction.Extent extent -> extent.dim().evaluate(dims);
            case Instruction.Compute c ->
                Scalars.apply(
                    c.op(),
                    kernel.body().get(c.operands().getLast()).type(),
                    values[c.operands().get(0)],
                    c.operands().size() > 1 ? values[c.operands().get(1)] : 0,
                    c.operands().size() > 2 ? values[c.operands().get(2)] : 0);
            case Instruction.Reduce _ -> folded[i];
            case Instruction.Store s -> {
              if (store && (s.mask() == Instruction.ALWAYS || values[s.mask()] != 0)) {
                Storage.store(
                    kernel.parameters().get(s.access().parameter()).dtype(),
                    memory.get(s.access().parameter()),
                    element(s.access()),
                    values[s.value()]);
              }
              yield 0;
            }
          };
    }
  }

  private long load(Access access, long further) {
    return Storage.load(
        kernel.parameters().get(access.parameter()).dtype(),
        memory.get(access.parameter()),
        element(access) + further);
  }

  private long element(Access access) {
    long element = access.offset().evaluate(dims);
    for (int axis = 0; axis < at.length; axis++) {
      element += at[axis] * access.strides().get(axis).evaluate(dims);
    }
    return element;
  }
}
