package dev.bascule.core.kernel;

import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import java.util.List;

/**
 * One step of a kernel's straight-line body. Operands are indices of earlier instructions; {@link
 * #type()} is what the step gives (stores give nothing and repeat the type of what they store).
 */
public sealed interface Instruction {
  ScalarType type();

  List<Integer> operands();

  /** No mask: the access always happens. */
  int ALWAYS = -1;

  /**
   * An element of an input, converted from its dtype. With a {@code mask} (a BOOL instruction)
   * elements whose mask is false are not touched, and give 0.
   */
  record Load(Access access, int mask, ScalarType type) implements Instruction {
    @Override
    public List<Integer> operands() {
      return mask == ALWAYS ? List.of() : List.of(mask);
    }
  }

  /**
   * An element of an input at {@code access} plus {@code index * stride}, where {@code index} (I64)
   * is data: 0 <= index < extent, or the launch raises its status and the element is 0.
   */
  record LoadAt(Access access, int index, Dim stride, Dim extent, ScalarType type)
      implements Instruction {
    @Override
    public List<Integer> operands() {
      return List.of(index);
    }
  }

  /** A constant as {@link Scalars} bits. */
  record Constant(ScalarType type, long bits) implements Instruction {
    @Override
    public List<Integer> operands() {
      return List.of();
    }
  }

  /** The coordinate along a domain axis, as I64. */
  record Index(int axis) implements Instruction {
    @Override
    public ScalarType type() {
      return ScalarType.I64;
    }

    @Override
    public List<Integer> operands() {
      return List.of();
    }
  }

  /** The value of a dimension expression, as I64. */
  record Extent(Dim dim) implements Instruction {
    @Override
    public ScalarType type() {
      return ScalarType.I64;
    }

    @Override
    public List<Integer> operands() {
      return List.of();
    }
  }

  record Compute(Primitive op, List<Integer> operands, ScalarType type) implements Instruction {
    public Compute {
      operands = List.copyOf(operands);
    }
  }

  /**
   * Folds the row axes: one operand for all but {@link Reduction#FMA}, which takes a, b and a
   * row-uniform initial value. The result is uniform along the row.
   */
  record Reduce(Reduction reduction, List<Integer> operands, ScalarType type)
      implements Instruction {
    public Reduce {
      operands = List.copyOf(operands);
    }
  }

  /**
   * Writes an output, converted to its dtype (the value is already rounded to it: integers keep
   * their low bits). A row-uniform store (zero strides along the row axes) happens once per row.
   * With a {@code mask}, false elements are left alone.
   */
  record Store(Access access, int value, int mask, ScalarType type) implements Instruction {
    @Override
    public List<Integer> operands() {
      return mask == ALWAYS ? List.of(value) : List.of(value, mask);
    }
  }
}
