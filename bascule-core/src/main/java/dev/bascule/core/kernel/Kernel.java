package dev.bascule.core.kernel;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The kernel IR: a domain of points and a straight-line body that runs once per point. The last
 * {@code rowRank} axes are the row; a kernel with reductions over them is a Row kernel, one without
 * is a Map kernel (with {@code rowRank} 0). The body never mentions threads, vectors or tiles, so
 * that it renders to vector loops, to SIMT and to copy-compute-copy alike.
 *
 * <p>What holds of every kernel, and {@link KernelBuilder#build()} checks: operands precede their
 * use; types agree with the primitives' signatures; a reduction's result and everything computed
 * only from row-uniform values is row-uniform; no output is also loaded unless at the same access
 * in the same point (in place); no two points store the same element, except equal row-uniform
 * stores.
 */
public record Kernel(
    String name,
    List<Dim> domain,
    int rowRank,
    List<Parameter> parameters,
    List<Instruction> body) {

  /** A buffer the kernel reads or writes; operands are bound in this order. */
  public record Parameter(String name, DType dtype, boolean output) {}

  public Kernel {
    domain = List.copyOf(domain);
    parameters = List.copyOf(parameters);
    body = List.copyOf(body);
  }

  /** The same kernel under another name. */
  public Kernel named(String other) {
    return new Kernel(other, domain, rowRank, parameters, body);
  }

  /** True where the body folds its row axes. */
  public boolean isRow() {
    return rowRank > 0;
  }

  /** The number of leading axes: one row (or, of a Map kernel, one point) for each combination. */
  public int outerRank() {
    return domain.size() - rowRank;
  }

  /**
   * True for each instruction whose value is the same all along a row (always false in a Map
   * kernel's loads over an axis).
   */
  public boolean[] rowUniform() {
    boolean[] uniform = new boolean[body.size()];
    for (int i = 0; i < uniform.length; i++) {
      uniform[i] =
          switch (body.get(i)) {
            case Instruction.Reduce reduce -> true;
            case Instruction.Constant constant -> true;
            case Instruction.Extent extent -> true;
            case Instruction.Index index -> index.axis() < outerRank();
            case Instruction.Load load ->
                uniformAlongRow(load.access()) && all(uniform, load.operands());
            case Instruction.LoadAt load ->
                uniformAlongRow(load.access()) && all(uniform, load.operands());
            case Instruction.Compute compute -> all(uniform, compute.operands());
            case Instruction.Store store ->
                uniformAlongRow(store.access()) && all(uniform, store.operands());
          };
    }
    return uniform;
  }

  private boolean uniformAlongRow(Access access) {
    for (int axis = outerRank(); axis < domain.size(); axis++) {
      if (!access.isUniform(axis)) {
        return false;
      }
    }
    return true;
  }

  private static boolean all(boolean[] uniform, List<Integer> operands) {
    return operands.stream().allMatch(i -> uniform[i]);
  }

  /** The symbols that must be bound to launch this kernel. */
  public Set<Symbol> symbols() {
    List<Dim> dims = new ArrayList<>(domain);
    for (Instruction instruction : body) {
      switch (instruction) {
        case Instruction.Load load -> add(dims, load.access());
        case Instruction.LoadAt load -> {
          add(dims, load.access());
          dims.add(load.stride());
          dims.add(load.extent());
        }
        case Instruction.Store store -> add(dims, store.access());
        case Instruction.Extent extent -> dims.add(extent.dim());
        case Instruction.Constant c -> {}
        case Instruction.Index i -> {}
        case Instruction.Compute c -> {}
        case Instruction.Reduce r -> {}
      }
    }
    Set<Symbol> symbols = new TreeSet<>();
    dims.forEach(dim -> symbols.addAll(dim.symbols()));
    return symbols;
  }

  private static void add(List<Dim> dims, Access access) {
    dims.add(access.offset());
    dims.addAll(access.strides());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("kernel " + name + " " + domain);
    if (rowRank > 0) {
      text.append(" row ").append(rowRank);
    }
    text.append('\n');
    for (int i = 0; i < body.size(); i++) {
      text.append("  %").append(i).append(" = ").append(describe(body.get(i))).append('\n');
    }
    return text.toString();
  }

  private String describe(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Load load -> "load " + describe(load.access()) + mask(load.mask());
      case Instruction.LoadAt load ->
          "load "
              + describe(load.access())
              + " at %"
              + load.index()
              + "*"
              + load.stride()
              + " < "
              + load.extent();
      case Instruction.Constant c ->
          switch (c.type()) {
            case F32 -> Float.toString(Scalars.f32(c.bits()));
            case F64 -> Double.toString(Scalars.f64(c.bits()));
            case I32, I64, BOOL -> c.type() + " " + c.bits();
          };
      case Instruction.Index index -> "index " + index.axis();
      case Instruction.Extent extent -> "extent " + extent.dim();
      case Instruction.Compute c -> c.op() + " " + c.type() + " " + c.operands();
      case Instruction.Reduce r -> "reduce " + r.reduction() + " " + r.type() + " " + r.operands();
      case Instruction.Store store ->
          "store " + describe(store.access()) + " %" + store.value() + mask(store.mask());
    };
  }

  private static String mask(int mask) {
    return mask == Instruction.ALWAYS ? "" : " if %" + mask;
  }

  private String describe(Access access) {
    Parameter parameter = parameters.get(access.parameter());
    return parameter.name()
        + ":"
        + parameter.dtype()
        + "["
        + access.offset()
        + " + "
        + access.strides()
        + "]";
  }
}
