package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.device.View;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Kernels rewritten into another form of the same meaning. */
final class KernelForms {
  private KernelForms() {}

  /** The kernel with every access replaced. */
  static Kernel mapAccesses(
      Kernel kernel,
      List<Dim> domain,
      List<Kernel.Parameter> parameters,
      Function<Access, Access> change) {
    List<Instruction> body = new ArrayList<>();
    for (Instruction instruction : kernel.body()) {
      body.add(
          switch (instruction) {
            case Instruction.Load load ->
                new Instruction.Load(change.apply(load.access()), load.mask(), load.type());
            case Instruction.LoadAt load ->
                new Instruction.LoadAt(
                    change.apply(load.access()),
                    load.index(),
                    load.stride(),
                    load.extent(),
                    load.type());
            case Instruction.Store store ->
                new Instruction.Store(
                    change.apply(store.access()), store.value(), store.mask(), store.type());
            case Instruction.Constant c -> c;
            case Instruction.Index i -> i;
            case Instruction.Extent e -> e;
            case Instruction.Compute c -> c;
            case Instruction.Reduce r -> r;
          });
    }
    return new Kernel(kernel.name(), domain, kernel.rowRank(), parameters, body);
  }

  /** The same kernel with parameter {@code first} moved to the front. */
  static Kernel withFirst(Kernel kernel, int first) {
    List<Kernel.Parameter> parameters = new ArrayList<>(kernel.parameters());
    parameters.addFirst(parameters.remove(first));
    return mapAccesses(
        kernel,
        kernel.domain(),
        parameters,
        access -> {
          int old = access.parameter();
          int now = old == first ? 0 : old < first ? old + 1 : old;
          return new Access(now, access.offset(), access.strides());
        });
  }

  /** A Map kernel over [rows, last axis], where every access allows all leading axes to be one. */
  static Optional<Kernel> asMatrix(Kernel kernel) {
    List<Dim> domain = kernel.domain();
    int rank = domain.size();
    if (kernel.isRow() || rank == 0) {
      return Optional.empty();
    }
    boolean plain =
        kernel.body().stream()
            .noneMatch(i -> i instanceof Instruction.Index || i instanceof Instruction.LoadAt);
    for (Instruction instruction : kernel.body()) {
      plain &= access(instruction).map(access -> collapses(access, domain)).orElse(true);
    }
    if (!plain) {
      return Optional.empty();
    }
    Dim rows = Dim.ONE;
    for (Dim extent : domain.subList(0, rank - 1)) {
      rows = rows.times(extent);
    }
    return Optional.of(
        mapAccesses(
            kernel,
            List.of(rows, domain.getLast()),
            kernel.parameters(),
            access ->
                new Access(
                    access.parameter(),
                    access.offset(),
                    List.of(rowStride(access, domain), access.strides().getLast()))));
  }

  static Optional<Access> access(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Load load -> Optional.of(load.access());
      case Instruction.LoadAt load -> Optional.of(load.access());
      case Instruction.Store store -> Optional.of(store.access());
      default -> Optional.empty();
    };
  }

  /** The stride of the innermost leading axis that is not of extent 1. */
  private static Dim rowStride(Access access, List<Dim> domain) {
    for (int axis = domain.size() - 2; axis >= 0; axis--) {
      if (!domain.get(axis).is(1)) {
        return access.strides().get(axis);
      }
    }
    return Dim.ZERO;
  }

  private static boolean collapses(Access access, List<Dim> domain) {
    Dim expected = null;
    for (int axis = domain.size() - 2; axis >= 0; axis--) {
      if (domain.get(axis).is(1)) {
        continue;
      }
      Dim stride = access.strides().get(axis);
      if (expected != null && !stride.equals(expected)) {
        return false;
      }
      expected = stride.times(domain.get(axis));
    }
    return true;
  }

  /** The only store of a kernel that has one. */
  static Optional<Instruction.Store> onlyStore(Kernel kernel) {
    List<Instruction.Store> stores =
        kernel.body().stream()
            .filter(i -> i instanceof Instruction.Store)
            .map(i -> (Instruction.Store) i)
            .toList();
    return stores.size() == 1 ? Optional.of(stores.getFirst()) : Optional.empty();
  }

  /** True where every touch of {@code parameter} is a plain load at the store's own element. */
  static boolean readsInPlace(Kernel kernel, int parameter, Access store) {
    for (Instruction instruction : kernel.body()) {
      Access access = access(instruction).orElse(null);
      if (access == null || access.parameter() != parameter) {
        continue;
      }
      boolean same =
          access.offset().equals(store.offset()) && access.strides().equals(store.strides());
      if (!same
          || !(instruction instanceof Instruction.Load load)
          || load.mask() != Instruction.ALWAYS) {
        return false;
      }
    }
    return true;
  }

  /**
   * For a kernel that only copies a contiguous {@code result} into a permuted layout: the view
   * under which writing the result gives the copy.
   */
  static Optional<View> copiedLayout(Kernel kernel, View result) {
    if (kernel.isRow()
        || kernel.body().size() != 2
        || !(kernel.body().get(0) instanceof Instruction.Load load)
        || !(kernel.body().get(1) instanceof Instruction.Store store)
        || load.mask() != Instruction.ALWAYS
        || store.mask() != Instruction.ALWAYS
        || !load.access().offset().is(0)
        || !store.access().offset().is(0)
        || kernel.parameters().get(load.access().parameter()).dtype()
            != kernel.parameters().get(store.access().parameter()).dtype()
        || !result.isContiguous()) {
      return Optional.empty();
    }
    List<Integer> free = new ArrayList<>();
    for (int axis = 0; axis < kernel.domain().size(); axis++) {
      if (!kernel.domain().get(axis).is(1)) {
        free.add(axis);
      }
    }
    List<Dim> strides = new ArrayList<>();
    for (int axis = 0; axis < result.shape().rank(); axis++) {
      Dim extent = result.shape().dim(axis);
      Dim stride = result.strides().get(axis);
      Integer match = null;
      for (Integer candidate : free) {
        if (match == null
            && kernel.domain().get(candidate).equals(extent)
            && load.access().strides().get(candidate).equals(stride)) {
          match = candidate;
        }
      }
      if (match == null && !extent.is(1)) {
        return Optional.empty();
      }
      strides.add(match == null ? Dim.ZERO : store.access().strides().get(match));
      if (match != null) {
        free.remove((Object) match);
      }
    }
    return free.isEmpty()
        ? Optional.of(new View(result.dtype(), result.shape(), Dim.ZERO, strides, false))
        : Optional.empty();
  }
}
