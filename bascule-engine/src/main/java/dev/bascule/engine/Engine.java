package dev.bascule.engine;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Stream;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Value;
import dev.bascule.engine.rewrite.Specializer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiles graphs for one device. Thread-safe; owns the constants of its plans, which live until it
 * is closed. Constants in native memory with slack are used where they lie, if the device can: they
 * must outlive the engine.
 *
 * <p>The way of a graph: verify, recognise, simplify, inline what the device does not claim, fuse
 * into Map and Row kernels, choose library kernels, plan memory, compile.
 */
public final class Engine implements AutoCloseable {
  private final Device device;
  private final Constants constants;

  /** Uses {@code device}, which stays the caller's. */
  public Engine(Device device) {
    this.device = device;
    this.constants = new Constants(device);
  }

  public Device device() {
    return device;
  }

  /** Bytes of constants on the device, packed forms included. */
  public long constantBytes() {
    return constants.bytes();
  }

  /** A new, empty store for the states of this engine's plans; the caller closes it. */
  public Store store() {
    return new Store(device);
  }

  /**
   * Compiles {@code graph}, and once more for each variant: a part of the range of some of its
   * symbols, such as one token, or at most eight. A run takes the first variant that its dimensions
   * fit into. All give the same bits.
   *
   * @param variants the narrowed symbols of each variant; a range of one value makes the dimension
   *     a constant
   */
  public Plan compile(Graph graph, List<List<Symbol>> variants) {
    List<Plan> narrow = new ArrayList<>();
    for (List<Symbol> variant : variants) {
      Map<Symbol, Dim> narrowed = new HashMap<>();
      for (Symbol symbol : variant) {
        narrowed.put(declared(graph, symbol), Dim.of(symbol));
      }
      narrow.add(compile(Specializer.specialize(graph, narrowed)));
    }
    return compile(graph).withVariants(narrow);
  }

  /** The symbol of the graph's inputs that {@code narrowed} is a part of. */
  private static Symbol declared(Graph graph, Symbol narrowed) {
    for (Value input : graph.inputs()) {
      for (Dim dim : input.shape().dims()) {
        for (Symbol symbol : dim.symbols()) {
          if (symbol.name().equals(narrowed.name())) {
            if (narrowed.min() < symbol.min() || narrowed.max() > symbol.max()) {
              throw new ShapeException(
                  "variant: dimension '"
                      + symbol.name()
                      + "' in ["
                      + narrowed.min()
                      + ", "
                      + narrowed.max()
                      + "] leaves its declared range ["
                      + symbol.min()
                      + ", "
                      + symbol.max()
                      + "]");
            }
            return symbol;
          }
        }
      }
    }
    throw new ShapeException(
        "variant: no input of graph '"
            + graph.name()
            + "' has a dimension '"
            + narrowed.name()
            + "'");
  }

  public Plan compile(Graph graph) {
    try (Stream stream = device.stream()) {
      Plan plan = build(graph, constants, stream);
      stream.synchronize();
      constants.releaseStaging();
      return plan;
    }
  }

  /**
   * What the plan of {@code graph} would take: it is compiled as {@link #compile(Graph)} does, but
   * its constants are counted in the layouts that kernels want, not made.
   */
  public Footprint footprint(Graph graph) {
    try (Constants counted = Constants.counted(device);
        Stream stream = device.stream();
        Plan plan = build(graph, counted, stream)) {
      return new Footprint(counted.bytes(), plan.stateBytes(), plan.arenaBytes());
    }
  }

  private Plan build(Graph graph, Constants used, Stream stream) {
    Scheduler scheduler = new Scheduler(device);
    Schedule schedule = scheduler.schedule(graph);
    Bindings largest = largest(schedule.graph, schedule.order());
    return new PlanBuilder(device, used, stream, schedule, largest).build(scheduler.notes());
  }

  /** Every symbol at the end of its declared range. */
  private static Bindings largest(Graph graph, List<Task> tasks) {
    Map<Symbol, Long> values = new HashMap<>();
    List<Symbol> symbols = new ArrayList<>();
    for (Node node : graph.nodes()) {
      node.results().forEach(r -> r.shape().dims().forEach(d -> symbols.addAll(d.symbols())));
    }
    tasks.forEach(task -> {
      if (task instanceof Task.KernelTask kernel) {
        symbols.addAll(kernel.kernel().symbols());
      }
    });
    symbols.forEach(symbol -> values.put(symbol, symbol.max()));
    return new Bindings(values);
  }

  @Override
  public void close() {
    constants.close();
  }
}
