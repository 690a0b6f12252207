package dev.bascule.gpu;

import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a kernel as few axes as it needs: axes of extent 1 go, and neighbours that every access
 * walks as if they were one become one. Points, their order and their meaning stay; index
 * arithmetic becomes cheaper and inner loops longer.
 */
public final class KernelAxes {
  private KernelAxes() {}

  /** The same kernel over fewer axes. */
  public static Kernel collapse(Kernel kernel) {
    Kernel result = kernel;
    for (int axis = kernel.domain().size() - 1; axis >= 0; axis--) {
      boolean onlyRowAxis =
          result.rowRank() == 1 && axis == result.outerRank(); // a Row kernel stays one
      if (result.domain().get(axis).is(1) && !onlyRowAxis) {
        result = remove(result, axis);
      } else if (canMergeWithNext(result, axis)) {
        result = mergeWithNext(result, axis);
      }
    }
    return result;
  }

  private static boolean canMergeWithNext(Kernel kernel, int axis) {
    boolean sameSide = axis + 1 < kernel.domain().size() && axis + 1 != kernel.outerRank();
    if (!sameSide) {
      return false;
    }
    Dim extent = kernel.domain().get(axis + 1);
    for (Instruction instruction : kernel.body()) {
      boolean mergeable =
          switch (instruction) {
            case Instruction.Load load -> walksAsOne(load.access(), axis, extent);
            case Instruction.LoadAt load -> walksAsOne(load.access(), axis, extent);
            case Instruction.Store store -> walksAsOne(store.access(), axis, extent);
            case Instruction.Index index -> index.axis() != axis && index.axis() != axis + 1;
            case Instruction.Constant _,
                Instruction.Extent _,
                Instruction.Compute _,
                Instruction.Reduce _ ->
                true;
          };
      if (!mergeable) {
        return false;
      }
    }
    return true;
  }

  private static boolean walksAsOne(Access access, int axis, Dim innerExtent) {
    return access.strides().get(axis).equals(access.strides().get(axis + 1).times(innerExtent));
  }

  private static Kernel mergeWithNext(Kernel kernel, int axis) {
    List<Dim> domain = new ArrayList<>(kernel.domain());
    domain.set(axis + 1, domain.get(axis).times(domain.get(axis + 1)));
    domain.remove(axis);
    return without(kernel, axis, domain);
  }

  private static Kernel remove(Kernel kernel, int axis) {
    List<Dim> domain = new ArrayList<>(kernel.domain());
    domain.remove(axis);
    return without(kernel, axis, domain);
  }

  /**
   * Drops {@code axis} from every access; the strides of the axis after it already say how to walk
   * both.
   */
  private static Kernel without(Kernel kernel, int axis, List<Dim> domain) {
    List<Instruction> body = new ArrayList<>();
    for (Instruction instruction : kernel.body()) {
      body.add(
          switch (instruction) {
            case Instruction.Load load ->
                new Instruction.Load(without(load.access(), axis), load.mask(), load.type());
            case Instruction.LoadAt load ->
                new Instruction.LoadAt(
                    without(load.access(), axis),
                    load.index(),
                    load.stride(),
                    load.extent(),
                    load.type());
            case Instruction.Store store ->
                new Instruction.Store(
                    without(store.access(), axis), store.value(), store.mask(), store.type());
            case Instruction.Index index -> {
              if (index.axis() == axis) { // of extent 1: the only coordinate is 0
                yield new Instruction.Constant(ScalarType.I64, 0);
              }
              yield index.axis() > axis ? new Instruction.Index(index.axis() - 1) : index;
            }
            case Instruction.Constant _,
                Instruction.Extent _,
                Instruction.Compute _,
                Instruction.Reduce _ ->
                instruction;
          });
    }
    int rowRank = kernel.rowRank() - (axis >= kernel.outerRank() ? 1 : 0);
    return new Kernel(kernel.name(), domain, rowRank, kernel.parameters(), body);
  }

  private static Access without(Access access, int axis) {
    List<Dim> strides = new ArrayList<>(access.strides());
    strides.remove(axis);
    return new Access(access.parameter(), access.offset(), strides);
  }
}
