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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
  private final List<Update> updates = new ArrayList<>();
  private final boolean owner;
  private @Nullable Call last;

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
    plan.updates()
        .forEach((state, place) -> {
          Buffer target = stateBuffer(state);
          if (!buffers.get(place.buffer()).equals(target)) {
            updates.add(new Update(place, target));
          }
        });
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

  /** A state that a run does not change in place: its new value is copied to where it is kept. */
  private record Update(Plan.Place place, Buffer target) {}

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
    Call call = call(inputs);
    Bindings dims = call.session.compute(inputs, call.dims);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    call.session
        .plan
        .outputs()
        .forEach((name, place) -> outputs.put(name, call.session.download(place, dims)));
    return outputs;
  }

  /**
   * The same, into tensors that are there: nothing is allocated for them, and outputs that are not
   * named stay on the device.
   *
   * @param outputs by name, of the declared dtypes and of the shapes that the inputs give them
   */
  public void run(Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
    Call call = call(inputs);
    Bindings dims = call.session.compute(inputs, call.dims);
    outputs.forEach((name, tensor) -> call.session.download(name, dims, tensor));
  }

  /**
   * Inputs of some shapes, with the session that runs them: this or that of a variant.
   *
   * @param extents each input's, in the plan's order
   */
  private record Call(List<long[]> extents, Session session, Bindings dims) {
    boolean isOf(Plan plan, Map<String, Tensor> inputs) {
      if (inputs.size() != extents.size()) {
        return false;
      }
      int number = 0;
      for (Map.Entry<String, Plan.Place> input : plan.inputs().entrySet()) {
        Tensor tensor = inputs.get(input.getKey());
        if (tensor == null
            || tensor.dtype() != input.getValue().type().dtype()
            || !tensor.hasExtents(extents.get(number++))) {
          return false;
        }
      }
      return true;
    }
  }

  /** What shapes mean is worked out when they change: between two tokens they do not. */
  private Call call(Map<String, Tensor> inputs) {
    Call before = last;
    if (before != null && before.isOf(plan, inputs)) {
      return before;
    }
    Bindings dims = bind(inputs);
    Session session = this;
    for (Session variant : variants) {
      if (variant.fits(inputs)) {
        session = variant;
        dims = variant.bind(inputs);
        break;
      }
    }
    List<long[]> extents =
        plan.inputs().keySet().stream().map(name -> given(inputs, name).extents()).toList();
    Call call = new Call(extents, session, dims);
    last = call;
    return call;
  }

  /** Runs this plan; what comes out stays on the device. */
  private Bindings compute(Map<String, Tensor> inputs, Bindings bound) {
    Bindings dims = bound;
    for (Map.Entry<String, Plan.Place> input : plan.inputs().entrySet()) {
      upload(given(inputs, input.getKey()), input.getValue());
    }
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
    return dims;
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

  private void download(String name, Bindings dims, Tensor to) {
    Plan.Place place = plan.outputs().get(name);
    if (place == null) {
      throw new ShapeException(
          "no output is named '" + name + "'; outputs: " + plan.outputs().keySet());
    }
    if (to.dtype() != place.type().dtype() || !to.hasExtents(place.type().shape().evaluate(dims))) {
      throw new ShapeException(
          "output '"
              + name
              + "' is "
              + place.type().dtype()
              + Arrays.toString(place.type().shape().evaluate(dims))
              + ", and the tensor given for it "
              + to);
    }
    stream.download(slice(place, to.bytes().byteSize()), to.bytes());
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
    for (Update update : updates) {
      long bytes = update.place.type().bytes().evaluate(dims);
      stream.copy(slice(update.place, bytes), new Slice(update.target, 0, bytes));
    }
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
