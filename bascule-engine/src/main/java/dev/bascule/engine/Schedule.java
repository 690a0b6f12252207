package dev.bascule.engine;

import dev.bascule.core.Symbol;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.engine.rewrite.Inliner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Turns fused units into tasks in the order they run, and gives library kernels the Map kernels
 * that follow them.
 */
final class Schedule {
  private final Fusion fusion;
  private final Map<Node, Schedule> regions;
  private final Set<Value> weights;
  private final Map<Unit, Task> tasks = new HashMap<>();
  private final List<Task> order;

  /** What was scheduled. */
  final Graph graph;

  /**
   * @param regions the nodes that stand for functions which were scheduled already
   * @param weights values that will be constants when the plan is made
   */
  Schedule(
      Graph graph,
      Map<Node, LibraryKernel> library,
      Map<Node, Schedule> regions,
      Set<Value> weights) {
    this.graph = graph;
    this.regions = regions;
    this.weights = weights;
    this.fusion = new Fusion(graph, library);
    for (Unit unit : fusion.units) {
      task(unit).ifPresent(task -> tasks.put(unit, task));
    }
    waitForCounts();
    fuseEpilogues(graph);
    this.order = ordered();
  }

  /** The tasks in the order they run. */
  List<Task> order() {
    return order;
  }

  /** The tasks in the order of their units; in place of a region, copies of its own. */
  private List<Task> ordered() {
    List<Task> ordered = new ArrayList<>();
    for (Unit unit : fusion.order()) {
      Task task = tasks.get(unit);
      if (unit instanceof Unit.Region region) {
        ordered.addAll(copies(region.node, Objects.requireNonNull(regions.get(region.node))));
      } else if (task != null) {
        // what a region makes is known only now
        ordered.add(regions.isEmpty() ? task : task.with("", this::storage));
      }
    }
    return List.copyOf(ordered);
  }

  /** The tasks of {@code inside} on the operands of {@code node}, whose results they make. */
  private List<Task> copies(Node node, Schedule inside) {
    String prefix = Inliner.prefix(node.label());
    Map<Value, Value> copies = new HashMap<>();
    for (int i = 0; i < node.operands().size(); i++) {
      copies.put(inside.graph.inputs().get(i), node.operand(i));
    }
    for (Node inner : inside.graph.nodes()) {
      if (!copies.containsKey(inner.result())) {
        List<Value> operands = inner.operands().stream().map(copies::get).toList();
        List<Value> results = Node.of(Inliner.label(prefix, inner), inner.op(), operands).results();
        for (int i = 0; i < results.size(); i++) {
          copies.put(inner.results().get(i), results.get(i));
        }
      }
    }
    inside.fusion.aliases.forEach(
        (value, bytes) -> fusion.aliases.put(copies.get(value), copies.get(bytes)));
    List<Value> made = List.copyOf(inside.graph.outputs().values());
    for (int i = 0; i < made.size(); i++) {
      fusion.aliases.put(node.results().get(i), copies.get(made.get(i)));
    }
    return inside.order.stream()
        .map(task -> task.with(prefix, value -> storage(Objects.requireNonNull(copies.get(value)))))
        .toList();
  }

  /** The value whose bytes hold {@code value}. */
  Value storage(Value value) {
    return fusion.storage(value);
  }

  /** What runs for {@code unit}; a region has tasks of its own. */
  private Optional<Task> task(Unit unit) {
    return switch (unit) {
      case Unit.Fused fused -> {
        KernelLowering.Lowered lowered = KernelLowering.lower(fusion, fused);
        yield Optional.of(new Task.KernelTask(lowered.kernel(), lowered.parameters()));
      }
      case Unit.Library library -> {
        List<Value> operands =
            library.node.operands().stream().map(o -> fusion.storage(Views.base(o))).toList();
        yield Optional.of(
            new Task.LibraryTask(
                library.kernel,
                call(library.node, Optional.empty(), weights),
                operands,
                List.of(),
                library.node.results()));
      }
      case Unit.Region region -> Optional.empty();
      case Unit.Host host ->
          Optional.of(
              new Task.HostTask(
                  host.node, host.node.operands().stream().map(fusion::storage).toList()));
    };
  }

  /**
   * The call that runs {@code node} as a library kernel.
   *
   * @param weights values that will be constants when the plan is made
   */
  static LibraryCall call(Node node, Optional<Kernel> epilogue, Set<Value> weights) {
    return new LibraryCall(
        node.label(),
        node.op(),
        node.operands().stream().map(operand -> Views.view(operand, weights)).toList(),
        node.results().stream().map(r -> View.contiguous(r.dtype(), r.shape())).toList(),
        epilogue);
  }

  /** Whatever has a dimension that a host op binds runs after it. */
  private void waitForCounts() {
    Map<Symbol, Unit> binds = new HashMap<>();
    for (Unit unit : fusion.units) {
      if (unit instanceof Unit.Host host && host.node.op() instanceof NonZero nonZero) {
        binds.put(nonZero.count(), unit);
      }
    }
    if (binds.isEmpty()) {
      return;
    }
    for (Unit unit : fusion.units) {
      for (Symbol symbol : symbols(unit)) {
        Unit host = binds.get(symbol);
        if (host != null && host != unit) {
          unit.reads.add(host);
        }
      }
    }
  }

  private Set<Symbol> symbols(Unit unit) {
    Task task = tasks.get(unit);
    if (task instanceof Task.KernelTask kernel) {
      return kernel.kernel().symbols();
    }
    List<Value> reads =
        unit instanceof Unit.Region region
            ? region.node.operands()
            : task == null ? List.of() : task.reads();
    Set<Symbol> symbols = new HashSet<>();
    reads.forEach(value -> symbols.addAll(value.shape().elements().symbols()));
    return symbols;
  }

  private void fuseEpilogues(Graph graph) {
    Map<Value, Integer> uses = new HashMap<>();
    tasks
        .values()
        .forEach(task -> task.reads().forEach(value -> uses.merge(value, 1, Integer::sum)));
    for (Node region : regions.keySet()) {
      region.operands().forEach(operand -> uses.merge(fusion.storage(operand), 1, Integer::sum));
    }
    graph.roots().forEach(root -> uses.merge(fusion.storage(root), 2, Integer::sum));
    for (Unit unit : List.copyOf(fusion.units)) {
      if (unit instanceof Unit.Fused fused && fused.rowAxes.isEmpty()) {
        fuseEpilogue(fused, uses);
      }
    }
  }

  private void fuseEpilogue(Unit.Fused fused, Map<Value, Integer> uses) {
    Task.KernelTask follower = (Task.KernelTask) tasks.get(fused);
    if (follower == null || KernelForms.onlyStore(follower.kernel()).isEmpty()) {
      return;
    }
    for (int i = 0; i < follower.parameters().size(); i++) {
      Value raw = follower.parameters().get(i);
      if (fusion.homes.get(raw) instanceof Unit.Library library
          && uses.getOrDefault(raw, 0) == 1
          && tasks.get(library) instanceof Task.LibraryTask task
          && task.call().epilogue().isEmpty()
          && (tryLayout(library, task, fused, follower, raw)
              || (task.results().size() == 1 && tryEpilogue(library, task, fused, follower, i)))) {
        return;
      }
    }
  }

  /**
   * Where a follower only copies a result into another layout, the library kernel writes that
   * layout itself.
   */
  private boolean tryLayout(
      Unit.Library library,
      Task.LibraryTask task,
      Unit.Fused fused,
      Task.KernelTask follower,
      Value raw) {
    int index = task.results().indexOf(raw);
    View view =
        KernelForms.copiedLayout(follower.kernel(), task.call().results().get(index)).orElse(null);
    if (view == null) {
      return false;
    }
    List<View> views = new ArrayList<>(task.call().results());
    views.set(index, view);
    LibraryCall plain = task.call();
    LibraryCall call =
        new LibraryCall(plain.name(), plain.op(), plain.operands(), views, plain.epilogue());
    if (!library.kernel.accepts(call)) {
      return false;
    }
    List<Value> results = new ArrayList<>(task.results());
    results.set(index, follower.writes().getFirst());
    replace(
        library,
        fused,
        new Task.LibraryTask(library.kernel, call, task.operands(), List.of(), results));
    return true;
  }

  /** The library unit now also makes what the follower made. */
  private void replace(Unit.Library library, Unit.Fused fused, Task.LibraryTask task) {
    tasks.put(library, task);
    tasks.remove(fused);
    for (Unit read : fused.reads) {
      if (read != library) {
        library.reads.add(read);
      }
    }
  }

  private boolean tryEpilogue(
      Unit.Library library,
      Task.LibraryTask task,
      Unit.Fused fused,
      Task.KernelTask follower,
      int raw) {
    Kernel kernel = follower.kernel();
    Instruction.Store store = KernelForms.onlyStore(kernel).orElseThrow();
    View result = task.call().results().getFirst();
    boolean inPlace =
        KernelForms.readsInPlace(kernel, raw, store.access())
            && store.mask() == Instruction.ALWAYS
            && kernel.parameters().get(raw).dtype()
                == kernel.parameters().get(store.access().parameter()).dtype()
            && !kernel.domain().isEmpty()
            && result.shape().rank() > 0
            && kernel.domain().getLast().equals(result.shape().dims().getLast())
            && new dev.bascule.core.Shape(kernel.domain())
                .elements()
                .equals(result.shape().elements());
    if (!inPlace) {
      return false;
    }
    Kernel matrix =
        KernelForms.asMatrix(kernel).map(k -> KernelForms.withFirst(k, raw)).orElse(null);
    if (matrix == null) {
      return false;
    }
    LibraryCall call = call(library.node, Optional.of(matrix), weights);
    if (!library.kernel.accepts(call)) {
      return false;
    }
    List<Value> extras = new ArrayList<>(follower.reads());
    extras.remove(follower.parameters().get(raw));
    replace(
        library,
        fused,
        new Task.LibraryTask(library.kernel, call, task.operands(), extras, follower.writes()));
    return true;
  }
}
