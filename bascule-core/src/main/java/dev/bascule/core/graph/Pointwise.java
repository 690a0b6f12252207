package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.core.kernel.Term;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Evaluates a pointwise formula over equal-shaped tensors with the scalar interpreter of the kernel
 * IR.
 */
final class Pointwise {
  private Pointwise() {}

  static Tensor evaluate(
      String name,
      List<Tensor> operands,
      DType result,
      BiFunction<KernelBuilder, Term[], Term> formula) {
    Tensor output = Tensor.zeros(result, operands.getFirst().extents());
    KernelBuilder b = new KernelBuilder(name, List.of(Dim.of(output.elements())), 0);
    Term[] terms = new Term[operands.size()];
    List<MemorySegment> segments = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      terms[i] = b.load(contiguous(b.input("x" + i, operands.get(i).dtype())));
      segments.add(operands.get(i).bytes());
    }
    b.store(contiguous(b.output("y", result)), formula.apply(b, terms));
    segments.add(output.bytes());
    Kernel kernel = b.build();
    KernelInterpreter.run(kernel, segments, Bindings.NONE);
    return output;
  }

  private static Access contiguous(int parameter) {
    return new Access(parameter, Dim.ZERO, List.of(Dim.ONE));
  }
}
