package dev.bascule.engine;

import dev.bascule.core.TensorType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Executable;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.State;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A graph compiled for a device: code, memory layout and order, with dimensions still open within
 * their declared ranges. Immutable and shared by sessions; closing it frees the code, after its
 * sessions are closed.
 */
public final class Plan implements AutoCloseable {
  /** Where bytes come from. */
  sealed interface Source {
    /** The session's own working memory. */
    record Arena() implements Source {}

    /** A constant. */
    record Fixed(Buffer buffer) implements Source {}

    /** A state of the session's store. */
    record OfState(State state) implements Source {}
  }

  /** A value's bytes: which buffer and where in it. */
  record Place(int buffer, long offsetBytes, TensorType type) {}

  /** An op the host runs after a segment's launches. */
  record HostStep(Node node, List<Place> operands, List<Place> results) {}

  /** Launches, and what the host does after them. */
  record Segment(Executable executable, Optional<HostStep> host, int launches) {}

  private final Device device;
  private final Graph graph;
  private final List<Source> buffers;
  private final List<Segment> segments;
  private final Map<String, Place> inputs;
  private final Map<String, Place> outputs;
  private final Map<State, Place> updates;
  private final long arenaBytes;
  private final Supplier<String> explanation;
  private final List<Launchable> launchables;
  private final List<Plan> variants;

  Plan(
      Device device,
      Graph graph,
      List<Source> buffers,
      List<Segment> segments,
      Map<String, Place> inputs,
      Map<String, Place> outputs,
      Map<State, Place> updates,
      long arenaBytes,
      Supplier<String> explanation,
      List<Launchable> launchables,
      List<Plan> variants) {
    this.variants = List.copyOf(variants);
    this.device = device;
    this.graph = graph;
    this.buffers = buffers;
    this.segments = segments;
    this.inputs = inputs;
    this.outputs = outputs;
    this.updates = updates;
    this.arenaBytes = arenaBytes;
    this.explanation = explanation;
    this.launchables = launchables;
  }

  /** This plan with others for parts of its dimensions' ranges, which it owns from now on. */
  Plan withVariants(List<Plan> narrow) {
    return new Plan(
        device,
        graph,
        buffers,
        segments,
        inputs,
        outputs,
        updates,
        arenaBytes,
        explanation,
        launchables,
        narrow);
  }

  /** Plans for parts of the dimensions' ranges, preferred first. */
  List<Plan> variants() {
    return variants;
  }

  /** A session without states. */
  public Session session() {
    if (!graph.states().isEmpty()) {
      throw new dev.bascule.core.ShapeException(
          "graph '"
              + graph.name()
              + "' has states "
              + graph.states()
              + "; open its session with a store");
    }
    return new Session(this, Optional.empty());
  }

  /** A session whose states are in {@code store}. */
  public Session session(Store store) {
    return new Session(this, Optional.of(store));
  }

  /** The graph after rewriting: its inputs and outputs are those of the graph that was compiled. */
  public Graph graph() {
    return graph;
  }

  /**
   * Bytes of working memory each session takes: the peak, known before any run. Variants share it.
   */
  public long arenaBytes() {
    return Math.max(arenaBytes, variants.stream().mapToLong(Plan::arenaBytes).max().orElse(0));
  }

  /** Bytes of the states that a store keeps, at their largest declared dimensions. */
  public long stateBytes() {
    return graph.states().stream().mapToLong(state -> state.type().bytes().max()).sum();
  }

  /** Launches of one run. */
  public int launches() {
    return segments.stream().mapToInt(Segment::launches).sum();
  }

  /** Which kernels run and why, and the memory, for people. */
  public String explain() {
    StringBuilder text = new StringBuilder(explanation.get());
    for (Plan variant : variants) {
      text.append("variant for inputs ");
      variant.inputs.forEach(
          (name, place) -> text.append(name).append(' ').append(place.type()).append(' '));
      text.append('\n').append(variant.explain());
    }
    return text.toString();
  }

  Device device() {
    return device;
  }

  List<Source> buffers() {
    return buffers;
  }

  List<Segment> segments() {
    return segments;
  }

  Map<String, Place> inputs() {
    return inputs;
  }

  Map<String, Place> outputs() {
    return outputs;
  }

  Map<State, Place> updates() {
    return updates;
  }

  @Override
  public void close() {
    variants.forEach(Plan::close);
    segments.forEach(segment -> segment.executable().close());
    launchables.forEach(Launchable::close);
  }
}
