package dev.bascule.engine;

import dev.bascule.core.Bindings;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Executable;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Program;
import dev.bascule.core.device.Stream;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compiles the tasks of a schedule, gives them memory, and cuts them into programs where the host
 * has to act.
 */
final class PlanBuilder {
  private final Device device;
  private final Constants constants;
  private final Stream stream;
  private final Graph graph;
  private final Schedule schedule;
  private final Bindings largest;
  private final IdentityHashMap<Task, Launchable> launchables = new IdentityHashMap<>();
  private final List<Plan.Source> buffers = new ArrayList<>();
  private final StatesInPlace inPlace;
  private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();

  PlanBuilder(
      Device device, Constants constants, Stream stream, Schedule schedule, Bindings largest) {
    this.device = device;
    this.constants = constants;
    this.stream = stream;
    this.graph = schedule.graph;
    this.schedule = schedule;
    this.largest = largest;
    this.inPlace = new StatesInPlace(graph, schedule);
  }

  /** The plan; where it cannot be made, nothing that was compiled for it stays open. */
  Plan build(List<String> notes) {
    try {
      return plan(notes);
    } catch (RuntimeException | Error e) {
      launchables.values().forEach(Launchable::close);
      throw e;
    }
  }

  private Plan plan(List<String> notes) {
    IdentityHashMap<Task, Long> workspaces = new IdentityHashMap<>();
    for (Task task : schedule.order()) {
      compile(task)
          .ifPresent(launchable -> {
            launchables.put(task, launchable);
            workspaces.put(task, launchable.workspaceBytes(largest));
          });
    }
    List<Value> inputs = graph.inputs();
    List<Value> kept = graph.roots().stream().map(schedule::storage).toList();
    MemoryPlan memory =
        new MemoryPlan(inputs, schedule.order(), kept, inPlace::contains, workspaces);
    buffers.add(new Plan.Source.Arena());
    encodeConstants();
    List<Plan.Segment> segments = segments(memory);
    Map<String, Plan.Place> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, value) -> outputs.put(name, place(value, memory)));
    Map<State, Plan.Place> updates = new LinkedHashMap<>();
    graph.updates().forEach((state, value) -> updates.put(state, place(value, memory)));
    Map<String, Plan.Place> arguments = new LinkedHashMap<>();
    for (Value input : inputs) {
      arguments.put(((Parameter) input.node().op()).label(), place(input, memory));
    }
    return new Plan(
        device,
        graph,
        List.copyOf(buffers),
        segments,
        arguments,
        outputs,
        updates,
        memory.bytes(),
        () -> explain(notes, memory),
        List.copyOf(launchables.values()),
        List.of());
  }

  private Optional<Launchable> compile(Task task) {
    return switch (task) {
      case Task.KernelTask kernel -> Optional.of(device.compile(kernel.kernel()));
      case Task.LibraryTask library -> Optional.of(library.kernel().prepare(library.call()));
      case Task.HostTask host -> Optional.empty();
    };
  }

  /**
   * Encodes weights, the largest first: what is in memory twice while it is encoded is large only
   * as long as little else is there, so that the peak is what remains.
   */
  private void encodeConstants() {
    record Weight(Constant constant, Encoding encoding) {}
    List<Weight> weights = new ArrayList<>();
    for (Task task : schedule.order()) {
      if (task instanceof Task.LibraryTask library) {
        for (int i = 0; i < library.operands().size(); i++) {
          if (library.operands().get(i).node().op() instanceof Constant constant) {
            encoding(library, i).ifPresent(form -> weights.add(new Weight(constant, form)));
          }
        }
      }
    }
    weights.sort(
        Comparator.comparingLong((Weight weight) -> weight.constant.tensor().byteSize())
            .reversed());
    weights.forEach(
        weight -> constants.get(weight.constant.tensor(), Optional.of(weight.encoding), stream));
  }

  /** The layout that a library kernel wants a constant operand in. */
  private static Optional<Encoding> encoding(Task.LibraryTask task, int index) {
    return task.operands().get(index).node().op() instanceof Constant
        ? task.kernel().encodingFor(task.call(), index)
        : Optional.empty();
  }

  private List<Plan.Segment> segments(MemoryPlan memory) {
    List<Plan.Segment> segments = new ArrayList<>();
    List<Program.Step> steps = new ArrayList<>();
    for (Task task : schedule.order()) {
      Launchable launchable = launchables.get(task);
      if (launchable != null) {
        steps.add(new Program.Step(task.label(), launchable, operands(task, memory)));
      } else if (task instanceof Task.HostTask host) {
        List<Plan.Place> operands =
            host.node().operands().stream().map(v -> place(v, memory)).toList();
        List<Plan.Place> results =
            host.node().results().stream().map(v -> place(v, memory)).toList();
        segments.add(
            segment(steps, Optional.of(new Plan.HostStep(host.node(), operands, results))));
        steps = new ArrayList<>();
      }
    }
    segments.add(segment(steps, Optional.empty()));
    return segments;
  }

  private Plan.Segment segment(List<Program.Step> steps, Optional<Plan.HostStep> host) {
    Executable executable = device.prepare(new Program(graph.name(), steps));
    return new Plan.Segment(executable, host, steps.size());
  }

  private List<Program.Operand> operands(Task task, MemoryPlan memory) {
    List<Program.Operand> operands = new ArrayList<>();
    switch (task) {
      case Task.KernelTask kernel ->
          kernel.parameters().forEach(v -> operands.add(operand(v, memory)));
      case Task.LibraryTask library -> {
        for (int i = 0; i < library.operands().size(); i++) {
          operands.add(libraryOperand(library, i, memory));
        }
        library.extras().forEach(v -> operands.add(operand(v, memory)));
        library.results().forEach(v -> operands.add(operand(v, memory)));
        if (memory.workspaceOffset(task) >= 0) {
          operands.add(new Program.Operand(0, memory.workspaceOffset(task), -1));
        }
      }
      case Task.HostTask host -> throw new IllegalStateException("host tasks have no operands");
    }
    return operands;
  }

  private Program.Operand libraryOperand(Task.LibraryTask task, int index, MemoryPlan memory) {
    Value value = task.operands().get(index);
    Optional<Encoding> encoding = encoding(task, index);
    if (encoding.isPresent() && value.node().op() instanceof Constant constant) {
      Buffer buffer = constants.get(constant.tensor(), encoding, stream);
      return new Program.Operand(number(buffer, new Plan.Source.Fixed(buffer)), 0, -1);
    }
    return operand(value, memory);
  }

  private Program.Operand operand(Value value, MemoryPlan memory) {
    Plan.Place place = place(value, memory);
    return new Program.Operand(place.buffer(), place.offsetBytes(), -1);
  }

  private Plan.Place place(Value value, MemoryPlan memory) {
    Value storage = schedule.storage(value);
    State made = inPlace.states().get(storage);
    if (made != null) {
      return new Plan.Place(number(made, new Plan.Source.OfState(made)), 0, value.type());
    }
    if (memory.contains(storage)) {
      return new Plan.Place(0, memory.offset(storage), value.type());
    }
    return switch (storage.node().op()) {
      case Constant constant -> {
        Buffer buffer = constants.get(constant.tensor(), Optional.empty(), stream);
        yield new Plan.Place(number(buffer, new Plan.Source.Fixed(buffer)), 0, value.type());
      }
      case Parameter parameter when parameter.state().isPresent() -> {
        State state = parameter.state().get();
        yield new Plan.Place(number(state, new Plan.Source.OfState(state)), 0, value.type());
      }
      default ->
          throw new IllegalStateException(
              "no memory for " + value + "; an input that the graph does not name?");
    };
  }

  private int number(Object key, Plan.Source source) {
    return numbers.computeIfAbsent(
        key,
        k -> {
          buffers.add(source);
          return buffers.size() - 1;
        });
  }

  private String explain(List<String> notes, MemoryPlan memory) {
    StringBuilder text = new StringBuilder();
    notes.forEach(note -> text.append(note).append('\n'));
    text.append("device ")
        .append(device.info().id())
        .append(": ")
        .append(device.info().description());
    text.append("\nnumerics exact\n");
    int number = 0;
    for (Task task : schedule.order()) {
      Launchable launchable = launchables.get(task);
      text.append(String.format(java.util.Locale.ROOT, "%4d  %-40s ", number++, task.label()));
      text.append(
          launchable == null
              ? "host: the shape of its result depends on values"
              : launchable.describe());
      text.append('\n');
    }
    text.append(
        String.format(
            java.util.Locale.ROOT,
            "memory: arena %,d bytes at the largest declared dimensions (%,d without sharing, %d in place), constants %,d bytes, states %,d bytes%n",
            memory.bytes(),
            memory.unsharedBytes(),
            memory.inPlaceCount(),
            constants.bytes(),
            graph.states().stream().mapToLong(state -> state.type().bytes().max()).sum()));
    return text.toString();
  }
}
