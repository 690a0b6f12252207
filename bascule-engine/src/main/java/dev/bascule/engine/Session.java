package dev.bascule.engine;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Executable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Shapes;
import dev.bascule.core.graph.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a plan. Owns its working memory; one thread uses it at a time, several sessions of one plan
 * run at once. The first run with new dimensions binds the plan to them; later runs with the same
 * dimensions allocate no native memory.
 */
public final class Session implements AutoCloseable {
  /** Dimension sets kept bound. */
  private static final int BOUND_MAX = 16;

  private final Plan plan;
  private final Optional<Store> store;
  private final Stream stream;
  private final Buffer arena;
  private final List<Buffer> buffers;
  private final Map<List<Object>, Executable.Bound> bound;
  private final List<Session> variants = new ArrayList<>();
  private final boolean owner;

  Session(Plan plan, Optional<Store> store) {
    this(
        plan,
        store,
        plan.device().stream(),
        plan.device().allocate(Math.max(MemoryPlan.ALIGNMENT, plan.arenaBytes())),
        true);
    plan.variants()
        .forEach(variant -> variants.add(new Session(variant, store, stream, arena, false)));
  }

  private Session(Plan plan, Optional<Store> store, Stream stream, Buffer arena, boolean owner) {
    this.plan = plan;
    this.store = store;
    this.stream = stream;
    this.arena = arena;
    this.owner = owner;
    this.buffers = new ArrayList<>();
    for (Plan.Source source : plan.buffers()) {
      buffers.add(
          switch (source) {
            case Plan.Source.Arena a -> arena;
            case Plan.Source.Fixed fixed -> fixed.buffer();
            case Plan.Source.OfState state -> stateBuffer(state.state());
          });
    }
    this.bound =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<List<Object>, Executable.Bound> eldest) {
            if (size() > BOUND_MAX * plan.segments().size()) {
              eldest.getValue().close();
              return true;
            }
            return false;
          }
        };
  }

  private Buffer stateBuffer(State state) {
    return store
        .orElseThrow(() -> new ShapeException("state '" + state.name() + "' needs a store"))
        .buffer(state);
  }

  /**
   * Runs the graph once. Inputs by name must have the declared dtypes and shapes; their symbols are
   * bound by them. Returns new tensors.
   */
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    Bindings dims = bind(inputs);
    for (Session variant : variants) {
      if (variant.fits(inputs)) {
        return variant.run(inputs);
      }
    }
    plan.inputs().forEach((name, place) -> upload(given(inputs, name), place));
    for (int i = 0; i < plan.segments().size(); i++) {
      Plan.Segment segment = plan.segments().get(i);
      if (segment.launches() > 0) {
        boundSegment(i, dims).run(stream);
      }
      if (segment.host().isPresent()) {
        dims = runOnHost(segment.host().get(), dims);
      }
    }
    updateStates(dims);
    stream.synchronize();
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (Map.Entry<String, Plan.Place> output : plan.outputs().entrySet()) {
      outputs.put(output.getKey(), download(output.getValue(), dims));
    }
    return outputs;
  }

  /** True where the inputs' extents lie in this plan's ranges. */
  private boolean fits(Map<String, Tensor> inputs) {
    for (Map.Entry<String, Plan.Place> input : plan.inputs().entrySet()) {
      Tensor tensor = given(inputs, input.getKey());
      for (int axis = 0; axis < tensor.rank(); axis++) {
        Dim dim = input.getValue().type().shape().dim(axis);
        long extent = tensor.extent(axis);
        if (extent < dim.min() || extent > dim.max()) {
          return false;
        }
      }
    }
    return true;
  }

  private static Tensor given(Map<String, Tensor> inputs, String name) {
    Tensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new ShapeException("input '" + name + "' is missing; given: " + inputs.keySet());
    }
    return tensor;
  }

  private Bindings bind(Map<String, Tensor> inputs) {
    Bindings dims = Bindings.NONE;
    for (Map.Entry<String, Plan.Place> input : plan.inputs().entrySet()) {
      Tensor tensor = given(inputs, input.getKey());
      dims = Shapes.bind("input '" + input.getKey() + "'", input.getValue().type(), tensor, dims);
    }
    for (String name : inputs.keySet()) {
      if (!plan.inputs().containsKey(name)) {
        throw new ShapeException(
            "no input is named '" + name + "'; inputs: " + plan.inputs().keySet());
      }
    }
    return dims;
  }

  private Executable.Bound boundSegment(int segment, Bindings dims) {
    return bound.computeIfAbsent(
        List.of(segment, dims),
        key -> plan.segments().get(segment).executable().bind(buffers, dims));
  }

  private void upload(Tensor tensor, Plan.Place place) {
    stream.upload(tensor.bytes(), slice(place, tensor.bytes().byteSize()));
  }

  private Tensor download(Plan.Place place, Bindings dims) {
    Tensor tensor = Tensor.zeros(place.type().dtype(), place.type().shape().evaluate(dims));
    stream.download(slice(place, tensor.bytes().byteSize()), tensor.bytes());
    return tensor;
  }

  private Slice slice(Plan.Place place, long bytes) {
    return new Slice(buffers.get(place.buffer()), place.offsetBytes(), bytes);
  }

  private Bindings runOnHost(Plan.HostStep step, Bindings dims) {
    stream.synchronize();
    List<Tensor> operands = step.operands().stream().map(place -> download(place, dims)).toList();
    List<Tensor> results = step.node().op().evaluate(step.node(), operands, dims);
    Bindings after = dims;
    if (step.node().op() instanceof NonZero nonZero) {
      after = dims.with(nonZero.count(), results.getFirst().extent(1));
    }
    for (int i = 0; i < results.size(); i++) {
      upload(results.get(i), step.results().get(i));
    }
    return after;
  }

  private void updateStates(Bindings dims) {
    plan.updates()
        .forEach((state, place) -> {
          Buffer target = stateBuffer(state);
          long bytes = place.type().bytes().evaluate(dims);
          if (!buffers.get(place.buffer()).equals(target)) {
            stream.copy(slice(place, bytes), new Slice(target, 0, bytes));
          }
        });
  }

  @Override
  public void close() {
    bound.values().forEach(Executable.Bound::close);
    bound.clear();
    variants.forEach(Session::close);
    if (owner) {
      stream.close();
      arena.close();
    }
  }
}
