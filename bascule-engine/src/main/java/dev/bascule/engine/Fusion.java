package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Dot;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Iota;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides which values become buffers and which are computed inside the kernels that use them.
 *
 * <p>Nodes are visited from the outputs back to the inputs. When a node is visited, all its readers
 * are settled: each demands the value at some index map of its kernel's domain. A value with one
 * reading kernel is computed there; a value with several is stored by one of them, if that makes no
 * cycle, or by a kernel of its own; views are free and are composed into the maps. A reduction
 * joins a kernel when its folded axes can be the kernel's row axes (a Row kernel): the demand must
 * not depend on them, must cover all other axes, and every reduction of the kernel must agree on
 * them.
 */
final class Fusion {
  /** Beyond this many nodes a kernel gains nothing, and code and registers suffer. */
  private static final int NODES_MAX = 160;

  /** A value is needed inside a kernel at this map. */
  private record Demand(Unit.Fused kernel, IndexMap map, boolean masked) {}

  private final Map<Value, Set<Demand>> demands = new HashMap<>();
  private final Map<Value, Set<Unit>> readers = new HashMap<>();
  private final Set<Value> required = new HashSet<>();

  /** Where each stored value is made; leaves have none. */
  final Map<Value, Unit> homes = new HashMap<>();

  /** Values that share another value's bytes under another shape. */
  final Map<Value, Value> aliases = new HashMap<>();

  final Set<Unit> units = new LinkedHashSet<>();
  private final Map<Node, LibraryKernel> libraryKernels;

  Fusion(Graph graph, Map<Node, LibraryKernel> libraryKernels) {
    this.libraryKernels = libraryKernels;
    graph.roots().forEach(required::add);
    List<Node> order = graph.nodes();
    for (int i = order.size() - 1; i >= 0; i--) {
      visit(order.get(i));
    }
  }

  /** True for constants that are written into the code. */
  static boolean isImmediate(Value value) {
    return value.node().op() instanceof Constant constant && constant.tensor().elements() == 1;
  }

  /** True for values that have a buffer from the start. */
  static boolean isLeaf(Value value) {
    return value.node().op() instanceof Parameter
        || (value.node().op() instanceof Constant && !isImmediate(value));
  }

  /** The value whose bytes hold {@code value}. */
  Value storage(Value value) {
    Value at = value;
    while (aliases.containsKey(at)) {
      at = aliases.get(at);
    }
    return at;
  }

  /** True where {@code value} has bytes somewhere. */
  boolean isStored(Value value) {
    Value at = storage(value);
    return isLeaf(at) || homes.containsKey(at);
  }

  private void visit(Node node) {
    switch (node.op()) {
      case Parameter p -> {}
      case Constant c -> {
        if (isImmediate(node.result()) && isRead(node.result(), required)) {
          store(node.result());
        }
      }
      case NonZero n -> settle(node, new Unit.Host(node), List.of(node.operand(0)));
      case Call c -> settle(node, new Unit.Region(node), node.operands());
      default -> {
        LibraryKernel kernel = libraryKernels.get(node);
        if (kernel != null) {
          settle(node, new Unit.Library(node, kernel), node.operands());
        } else if (node.op() instanceof Scatter) {
          settle(node, new Unit.Host(node), node.operands());
        } else {
          visitFusible(node);
        }
      }
    }
  }

  private boolean isRead(Value value, Set<Value> among) {
    return among.contains(value);
  }

  private void settle(Node node, Unit unit, List<Value> operands) {
    units.add(unit);
    for (Value result : node.results()) {
      homes.put(result, unit);
      readersOf(result).forEach(reader -> reader.reads.add(unit));
    }
    // library kernels read views; the host wants the bytes of each operand as they are
    boolean views = unit instanceof Unit.Library;
    operands.forEach(operand -> require(views ? Views.base(operand) : operand, unit));
  }

  private void visitFusible(Node node) {
    Value value = node.result();
    Set<Demand> demanded = demands.getOrDefault(value, Set.of());
    if (required.contains(value)) {
      if (node.op() instanceof Reshape) {
        alias(value, node.operand(0));
      } else {
        store(value);
      }
    } else if (!demanded.isEmpty() && !inlineEverywhere(node, demanded)) {
      store(value);
    }
  }

  private void alias(Value value, Value operand) {
    aliases.put(value, operand);
    required.add(operand);
    readers.computeIfAbsent(operand, v -> new LinkedHashSet<>()).addAll(readersOf(value));
  }

  /** Kernels and other units that will read the stored bytes of {@code value}. */
  private Set<Unit> readersOf(Value value) {
    Set<Unit> all = new LinkedHashSet<>(readers.getOrDefault(value, Set.of()));
    demands.getOrDefault(value, Set.of()).forEach(demand -> all.add(demand.kernel));
    return all;
  }

  /**
   * Computes the value inside its readers, where that is legal and does not repeat work; false
   * where it must be stored.
   */
  private boolean inlineEverywhere(Node node, Set<Demand> demanded) {
    Set<Unit.Fused> kernels = new LinkedHashSet<>();
    demanded.forEach(demand -> kernels.add(demand.kernel));
    if (kernels.size() > 1 && !isFree(node)) {
      return false;
    }
    for (Unit.Fused kernel : kernels) {
      long maps = demanded.stream().filter(demand -> demand.kernel == kernel).count();
      if (kernel.nodes >= NODES_MAX || maps > (isFree(node) ? 4 : 2)) {
        return false;
      }
    }
    if (node.op() instanceof Gather && demanded.stream().anyMatch(Demand::masked)) {
      // a load at an index has no mask, and beside the mask its other coordinates point nowhere
      return false;
    }
    if (node.op() instanceof Reduce || node.op() instanceof Dot) {
      Demand only = demanded.iterator().next();
      return demanded.size() == 1 && !only.masked && reduceInto(only.kernel, node, only.map);
    }
    demanded.forEach(demand -> propagate(node, demand));
    return true;
  }

  /** Ops that cost nothing to repeat: views, and what is computed from coordinates alone. */
  private static boolean isFree(Node node) {
    return switch (node.op()) {
      case Reshape r -> true;
      case Permute p -> true;
      case Broadcast b -> true;
      case Slice s -> true;
      case Iota i -> true;
      case DimensionValue d -> true;
      default -> false;
    };
  }

  /** Stores the value: in a kernel that computes it anyway, or in one of its own. */
  private void store(Value value) {
    Unit.Fused kernel = joinable(value).orElse(null);
    if (kernel == null) {
      kernel = new Unit.Fused(value);
      units.add(kernel);
      homes.put(value, kernel);
      connect(value, kernel);
      begin(value.node(), kernel);
    } else {
      Demand demand =
          demands.getOrDefault(value, Set.of()).stream()
              .filter(d -> homeFits(d, value))
              .findFirst()
              .orElseThrow();
      kernel = demand.kernel;
      kernel.stores.put(value, demand.map);
      homes.put(value, kernel);
      connect(value, kernel);
      propagate(value.node(), demand);
    }
  }

  private boolean homeFits(Demand demand, Value value) {
    return joinable(value).map(kernel -> kernel == demand.kernel).orElse(false);
  }

  private void connect(Value value, Unit home) {
    for (Unit reader : readersOf(value)) {
      if (reader != home) {
        reader.reads.add(home);
      }
    }
  }

  private void begin(Node node, Unit.Fused kernel) {
    IndexMap map = IndexMap.identity(node.result().shape());
    if (node.op() instanceof Reduce || node.op() instanceof Dot) {
      if (!reduceInto(kernel, node, map)) {
        throw new IllegalStateException(
            "a reduction does not fit into a kernel of its own: " + node);
      }
    } else {
      propagate(node, new Demand(kernel, map, false));
    }
  }

  /**
   * A kernel that reads the value elementwise over its whole domain and may store it on the way.
   */
  private Optional<Unit.Fused> joinable(Value value) {
    Set<Demand> demanded = demands.getOrDefault(value, Set.of());
    Set<Unit> all = readersOf(value);
    if (value.node().op() instanceof Reduce || value.node().op() instanceof Dot) {
      return Optional.empty();
    }
    for (Demand demand : demanded) {
      long inKernel = demanded.stream().filter(d -> d.kernel == demand.kernel).count();
      if (inKernel == 1
          && !demand.masked
          && demand.kernel.nodes < NODES_MAX
          && covers(demand.kernel, demand.map, value.shape())
          && all.stream()
              .noneMatch(other -> other != demand.kernel && demand.kernel.dependsOn(other))) {
        return Optional.of(demand.kernel);
      }
    }
    return Optional.empty();
  }

  /** True where the map takes every element of {@code shape} exactly once over the domain. */
  private static boolean covers(Unit.Fused kernel, IndexMap map, Shape shape) {
    Set<Integer> used = new HashSet<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      Affine index = map.index(axis);
      if (index.equals(Affine.ZERO) && shape.dim(axis).is(1)) {
        continue;
      }
      int domainAxis = index.factors().size() - 1;
      if (!index.isCoordinate()
          || !used.add(domainAxis)
          || !kernel.domain.get(domainAxis).equals(shape.dim(axis))) {
        return false;
      }
    }
    for (int axis = 0; axis < kernel.domain.size(); axis++) {
      if (!used.contains(axis) && !kernel.domain.get(axis).is(1)) {
        return false;
      }
    }
    return true;
  }

  // --- demands travel from a node to its operands

  private void demand(Value operand, Unit.Fused kernel, IndexMap map, boolean masked) {
    demands
        .computeIfAbsent(operand, v -> new LinkedHashSet<>())
        .add(new Demand(kernel, map, masked));
  }

  private void require(Value value, Unit reader) {
    required.add(value);
    readers.computeIfAbsent(value, v -> new LinkedHashSet<>()).add(reader);
  }

  private void propagate(Node node, Demand d) {
    d.kernel.nodes += isFree(node) ? 0 : 1;
    switch (node.op()) {
      case Elementwise e ->
          node.operands().forEach(operand -> demand(operand, d.kernel, d.map, d.masked));
      case Cast c -> demand(node.operand(0), d.kernel, d.map, d.masked);
      case Bitcast b -> demand(node.operand(0), d.kernel, d.map, d.masked);
      case Permute p -> demand(node.operand(0), d.kernel, Maps.permute(p, d.map), d.masked);
      case Broadcast b ->
          demand(
              node.operand(0),
              d.kernel,
              Maps.broadcast(b, node.operand(0).shape(), d.map),
              d.masked);
      case Slice s -> demand(node.operand(0), d.kernel, Maps.slice(s, d.map), d.masked);
      case Reshape r -> propagateReshape(node, d);
      case Pad p -> {
        demand(node.operand(0), d.kernel, Maps.shift(d.map, p.low()), true);
        demand(node.operand(1), d.kernel, new IndexMap(List.of()), false);
      }
      case Concat c -> propagateConcat(node, c, d);
      case Gather g -> {
        d.kernel.gathers.add(node.label());
        require(node.operand(0), d.kernel);
        demand(
            node.operand(1),
            d.kernel,
            Maps.gatherIndices(g, node.operand(1).shape(), d.map),
            d.masked);
      }
      case Iota i -> {}
      case DimensionValue v -> {}
      case Constant c -> {}
      default -> throw new IllegalStateException("no map through " + node);
    }
  }

  private void propagateReshape(Node node, Demand d) {
    Value operand = node.operand(0);
    Optional<IndexMap> split =
        IndexMap.split(d.map.linear(node.result().shape()), operand.shape(), d.kernel.domain);
    if (split.isPresent() && !isLeaf(operand)) {
      demand(operand, d.kernel, split.get(), d.masked);
    } else {
      require(operand, d.kernel);
    }
  }

  private void propagateConcat(Node node, Concat concat, Demand d) {
    Dim start = Dim.ZERO;
    for (Value operand : node.operands()) {
      demand(operand, d.kernel, Maps.shift(d.map, concat.axis(), start), true);
      start = start.plus(operand.shape().dim(concat.axis()));
    }
  }

  /**
   * Makes the node's fold part of the kernel, choosing or checking the row axes; false where they
   * do not fit.
   */
  private boolean reduceInto(Unit.Fused kernel, Node node, IndexMap map) {
    Value operand = node.operand(0);
    List<Integer> folded =
        node.op() instanceof Reduce reduce ? reduce.axes() : List.of(operand.shape().rank() - 1);
    boolean keep = node.op() instanceof Reduce reduce && reduce.keep();
    List<Dim> extents = folded.stream().map(axis -> operand.shape().dim(axis)).toList();
    Optional<List<Integer>> rows = rowAxes(kernel, map, extents);
    if (rows.isEmpty()) {
      return false;
    }
    kernel.rowAxes = rows.get();
    kernel.nodes++;
    List<Affine> indices = new ArrayList<>();
    int next = 0;
    for (int axis = 0; axis < operand.shape().rank(); axis++) {
      int at = folded.indexOf(axis);
      if (at >= 0) {
        indices.add(extents.get(at).is(1) ? Affine.ZERO : Affine.coordinate(rows.get().get(at)));
        next += keep ? 1 : 0;
      } else {
        indices.add(map.index(next++));
      }
    }
    IndexMap inner = new IndexMap(indices);
    demand(operand, kernel, inner, false);
    if (node.op() instanceof Dot) {
      demand(node.operand(1), kernel, inner, false);
      demand(node.operand(2), kernel, map, false);
    }
    return true;
  }

  /**
   * Domain axes that can be folded for a demand at {@code map}: those the kernel has, free ones, or
   * new ones.
   */
  private static Optional<List<Integer>> rowAxes(
      Unit.Fused kernel, IndexMap map, List<Dim> extents) {
    if (!kernel.rowAxes.isEmpty()) {
      List<Dim> present = kernel.rowAxes.stream().map(kernel.domain::get).toList();
      boolean fits = present.equals(extents) && kernel.rowAxes.stream().noneMatch(map::dependsOn);
      return fits && coversOuter(kernel, map, kernel.rowAxes)
          ? Optional.of(kernel.rowAxes)
          : Optional.empty();
    }
    List<Integer> free = new ArrayList<>();
    for (int axis = 0; axis < kernel.domain.size() && free.size() < extents.size(); axis++) {
      if (!map.dependsOn(axis)
          && kernel.domain.get(axis).equals(extents.get(free.size()))
          && !kernel.domain.get(axis).is(1)) {
        free.add(axis);
      }
    }
    if (!extents.isEmpty() && free.size() == extents.size() && coversOuter(kernel, map, free)) {
      return Optional.of(List.copyOf(free));
    }
    if (!coversOuter(kernel, map, List.of())) {
      return Optional.empty();
    }
    List<Integer> added = new ArrayList<>();
    for (Dim extent : extents) {
      kernel.domain.add(extent);
      added.add(kernel.domain.size() - 1);
    }
    return Optional.of(added);
  }

  /**
   * True where the map depends on every axis outside {@code row}, so that no row is folded twice.
   */
  private static boolean coversOuter(Unit.Fused kernel, IndexMap map, List<Integer> row) {
    for (int axis = 0; axis < kernel.domain.size(); axis++) {
      if (!row.contains(axis) && !kernel.domain.get(axis).is(1) && !map.dependsOn(axis)) {
        return false;
      }
    }
    return true;
  }

  /** Units in an order in which each runs after those it reads. */
  List<Unit> order() {
    List<Unit> sorted = new ArrayList<>();
    Map<Unit, Boolean> done = new HashMap<>();
    for (Unit start : units) {
      java.util.ArrayDeque<Unit> stack = new java.util.ArrayDeque<>(List.of(start));
      while (!stack.isEmpty()) {
        Unit unit = stack.peek();
        Boolean state = done.get(unit);
        if (state == null) {
          done.put(unit, false);
          unit.reads.stream().filter(read -> !done.containsKey(read)).forEach(stack::push);
        } else {
          stack.pop();
          if (!state) {
            done.put(unit, true);
            sorted.add(unit);
          }
        }
      }
    }
    return sorted;
  }
}
