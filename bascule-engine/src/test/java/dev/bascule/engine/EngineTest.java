package dev.bascule.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.ForwardingDevice;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.reference.ReferenceDevice;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EngineTest {
  private record Explained(int launches, String text) {}

  private static final Dim N = Dim.symbol("n", 0, 64);
  private static final long WIDTH = 1024;

  private static Value input(String name, DType dtype, Dim... dims) {
    return Parameter.input(name, TensorType.of(dtype, dims));
  }

  private static Tensor random(long seed, long... extents) {
    SplittableRandom random = new SplittableRandom(seed);
    Tensor tensor = Tensor.zeros(DType.F32, extents);
    float[] values = new float[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(-1000, 1000) / 256f;
    }
    return Tensor.of(values, extents);
  }

  /** A device that counts the buffers and launchables that are open on it. */
  private static final class Counting extends ForwardingDevice {
    private final AtomicInteger open = new AtomicInteger();

    Counting(Device device) {
      super(device);
    }

    @Override
    public Buffer allocate(long bytes) {
      Buffer buffer = super.allocate(bytes);
      open.incrementAndGet();
      return new Buffer() {
        @Override
        public long bytes() {
          return buffer.bytes();
        }

        @Override
        public Optional<MemorySegment> host() {
          return buffer.host();
        }

        @Override
        public void close() {
          open.decrementAndGet();
          buffer.close();
        }
      };
    }

    @Override
    public Launchable compile(Kernel kernel) {
      Launchable launchable = super.compile(kernel);
      open.incrementAndGet();
      return new Launchable() {
        @Override
        public String describe() {
          return launchable.describe();
        }

        @Override
        public long workspaceBytes(Bindings dims) {
          return launchable.workspaceBytes(dims);
        }

        @Override
        public Launch bind(List<Slice> operands, Bindings dims) {
          return launchable.bind(operands, dims);
        }

        @Override
        public void close() {
          open.decrementAndGet();
          launchable.close();
        }
      };
    }
  }

  /** A weight whose file ends too early, say. */
  private static final class Unreadable implements Tensor.Content {
    @Override
    public MemorySegment bytes() {
      throw new IllegalStateException("unreadable");
    }

    @Override
    public void read(long from, MemorySegment to) {
      throw new IllegalStateException("unreadable");
    }
  }

  @Test
  void aWeightThatCannotBeReadLeavesNothingOpen() {
    Tensor weight = Tensor.deferred(DType.F32, new long[] {WIDTH, WIDTH}, new Unreadable());
    Value x = input("x", DType.F32, Dim.of(WIDTH), Dim.of(WIDTH));
    Graph graph = Graph.of("weighted", List.of(x), List.of(Ops.add(x, Constant.of("w", weight))));
    try (ReferenceDevice reference = new ReferenceDevice();
        Counting device = new Counting(reference);
        Engine engine = new Engine(device)) {
      assertThatThrownBy(() -> engine.compile(graph)).hasMessage("unreadable");
      assertThat(device.open.get()).isZero();
    }
  }

  /**
   * Compiles on the reference device, runs, and compares every output with the reference, bit for
   * bit.
   */
  private static Explained sameBits(Graph graph, Map<String, Tensor> inputs) {
    Map<String, Tensor> expected = Reference.run(graph, inputs);
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device);
        Plan plan = engine.compile(graph);
        Session session = plan.session()) {
      for (int run = 0; run < 2; run++) {
        Map<String, Tensor> actual = session.run(inputs);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, tensor) -> {
          Tensor given = java.util.Objects.requireNonNull(actual.get(name));
          assertThat(given.extents()).isEqualTo(tensor.extents());
          assertThat(given.bytes().mismatch(tensor.bytes()))
              .as("output %s%n%s", name, plan.explain())
              .isEqualTo(-1);
        });
      }
      return new Explained(plan.launches(), plan.explain());
    }
  }

  @Test
  void softmaxIsOneLaunch() {
    Value x = input("x", DType.F32, N, Dim.of(37));
    Graph graph = Graph.of("softmax", List.of(x), List.of(Functions.softmax(x, -1)));
    assertThat(sameBits(graph, Map.of("x", random(1, 5, 37))).launches()).isEqualTo(1);
  }

  @Test
  void softmaxOverAMiddleAxisIsOneLaunch() {
    Value x = input("x", DType.F32, Dim.of(3), Dim.of(5), Dim.of(4));
    Graph graph = Graph.of("softmax", List.of(x), List.of(Functions.softmax(x, 1)));
    assertThat(sameBits(graph, Map.of("x", random(1, 3, 5, 4))).launches()).isEqualTo(1);
  }

  @Test
  void layerNormWithResidualIsOneLaunch() {
    Value x = input("x", DType.F32, N, Dim.of(33));
    Value y = input("y", DType.F32, N, Dim.of(33));
    Value scale = Constant.of(random(3, 33));
    Value shift = Constant.of(random(4, 33));
    Value sum = Ops.add(x, y);
    Value norm = Functions.layerNorm(sum, scale, shift, 1e-5);
    Graph graph = Graph.of("norm", List.of(x, y), List.of(norm, sum));
    assertThat(sameBits(graph, Map.of("x", random(1, 6, 33), "y", random(2, 6, 33))).launches())
        .isEqualTo(1);
  }

  @Test
  void matmulWithBiasAndActivationDecomposesToEqualBits() {
    Value x = input("x", DType.F32, N, Dim.of(9), Dim.of(17));
    Value w = Constant.of(random(3, 17, 12));
    Value b = Constant.of(random(4, 12));
    Graph graph =
        Graph.of("dense", List.of(x), List.of(Functions.relu(Ops.add(Ops.matmul(x, w), b))));
    sameBits(graph, Map.of("x", random(1, 2, 9, 17)));
  }

  @Test
  void columnSumsAndWholeSumsOfOneTensor() {
    Value x = input("x", DType.F32, N, Dim.of(19));
    Graph graph =
        Graph.of(
            "sums",
            List.of(x),
            List.of(
                Ops.sum(x, List.of(0), false),
                Ops.sumAll(x),
                Ops.reduce(Reduce.Kind.MAX, x, List.of(1), true),
                Ops.mean(Ops.mul(x, x), List.of(0, 1), true)));
    sameBits(graph, Map.of("x", random(1, 40, 19)));
    sameBits(graph, Map.of("x", random(1, 0, 19)));
  }

  @Test
  void movementComposesIntoLoads() {
    Value x = input("x", DType.F32, Dim.of(4), Dim.of(6), Dim.of(10));
    Value heads =
        Ops.permute(Ops.reshape(x, dev.bascule.core.Shape.of(4, 6, 2, 5)), List.of(0, 2, 1, 3));
    Value sliced = Ops.sliceAxis(Ops.flip(heads, 2), 2, Dim.of(1), Dim.of(4));
    Value padded = Ops.pad(sliced, dims(0, 1, 0, 2), dims(1, 0, 0, 3));
    Value joined = Ops.concat(List.of(padded, Ops.neg(padded)), 1);
    Graph graph =
        Graph.of(
            "moves",
            List.of(x),
            List.of(Ops.add(joined, joined), Ops.reshape(heads, dev.bascule.core.Shape.of(8, 30))));
    sameBits(graph, Map.of("x", random(5, 4, 6, 10)));
  }

  private static List<Dim> dims(long... values) {
    return java.util.Arrays.stream(values).mapToObj(Dim::of).toList();
  }

  @Test
  void gatherInsideANormIsFused() {
    Value ids = input("ids", DType.I64, N, Dim.of(3));
    Value table = Constant.of(random(6, 11, 32));
    Value rows = Ops.gather(table, ids, 0);
    Value scale = Constant.of(random(3, 32));
    Graph graph = Graph.of("embed", List.of(ids), List.of(Functions.rmsNorm(rows, scale, 1e-6)));
    Tensor tokens = Tensor.of(new long[] {0, 10, 3, 4, 5, 6}, 2, 3);
    assertThat(sameBits(graph, Map.of("ids", tokens)).launches()).isEqualTo(1);
  }

  @Test
  void aValueWithTwoReadersIsStoredOnceWithoutACycle() {
    Value x = input("x", DType.F32, N, Dim.of(16));
    Value e = Ops.exp(x);
    Value column = Ops.sum(e, List.of(0), true);
    Value y = Ops.div(e, column);
    Value z = Ops.mul(Ops.add(y, e), Ops.sum(y, List.of(1), true));
    Graph graph = Graph.of("diamond", List.of(x), List.of(z, y));
    sameBits(graph, Map.of("x", random(7, 12, 16)));
  }

  @Test
  void attentionDecomposesWithEqualBits() {
    Dim keys = Dim.symbol("k", 1, 40);
    Value q = input("q", DType.F32, Dim.of(2), Dim.of(3), N, Dim.of(8));
    Value k = input("k", DType.F32, Dim.of(2), Dim.of(3), keys, Dim.of(8));
    Value v = input("v", DType.F32, Dim.of(2), Dim.of(3), keys, Dim.of(8));
    Value bias = input("bias", DType.F32, Dim.of(2), Dim.ONE, Dim.ONE, keys);
    Value out = Node.value(new dev.bascule.core.graph.Attention(0.35f, false, 16), q, k, v, bias);
    Graph graph = Graph.of("attention", List.of(q, k, v, bias), List.of(out));
    for (int count : new int[] {1, 16, 17, 40}) {
      sameBits(
          graph,
          Map.of(
              "q",
              random(1, 2, 3, 5, 8),
              "k",
              random(2, 2, 3, count, 8),
              "v",
              random(3, 2, 3, count, 8),
              "bias",
              random(4, 2, 1, 1, count)));
    }
  }

  @Test
  void aShapeThatDependsOnValuesEndsASegment() {
    Value x = input("x", DType.F32, N);
    Symbol count = new Symbol("count", 0, 64);
    Value where = Node.value(new NonZero(count), Ops.mul(x, Ops.like(x, 2)));
    Value picked = Ops.gather(x, Ops.reshape(where, dev.bascule.core.Shape.of(Dim.of(count))), 0);
    Value index = Ops.iota(dev.bascule.core.Shape.of(Dim.of(count)), 0);
    Graph graph = Graph.of("nonzero", List.of(x), List.of(Ops.exp(picked), index));
    Tensor tensor = Tensor.of(new float[] {0, 1, 0, 0, -2, 3}, 6);
    sameBits(graph, Map.of("x", tensor));
  }

  @Test
  void statesLiveBetweenRunsInTheirStore() {
    State counter = new State("counter", TensorType.of(DType.F32, 3));
    Value x = input("x", DType.F32, Dim.of(3));
    Value next = Ops.add(Parameter.read(counter), x);
    Graph graph =
        new Graph(
            "count",
            List.of(x),
            new LinkedHashMap<>(Map.of("y", Ops.neg(next))),
            Map.of(counter, next));
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device);
        Store store = engine.store();
        Plan plan = engine.compile(graph);
        Session session = plan.session(store)) {
      for (int i = 0; i < 3; i++) {
        session.run(Map.of("x", Tensor.of(new float[] {1, 2, 3}, 3)));
      }
      assertThat(store.read(counter).floats()).containsExactly(3, 6, 9);
    }
  }

  @Test
  void aFootprintIsWhatThePlanTakesThen() {
    State sum = new State("sum", TensorType.of(DType.F32, 4));
    Value x = input("x", DType.F32, Dim.of(4));
    Value scaled = Ops.mul(Functions.softmax(x, 0), Constant.of("scales", random(1, 4)));
    Graph graph =
        new Graph(
            "scaled",
            List.of(x),
            new LinkedHashMap<>(Map.of("y", scaled)),
            Map.of(sum, Ops.add(Parameter.read(sum), scaled)));
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device)) {
      Footprint before = engine.footprint(graph);
      assertThat(engine.constantBytes()).isZero();
      try (Plan plan = engine.compile(graph)) {
        assertThat(before)
            .isEqualTo(new Footprint(engine.constantBytes(), plan.stateBytes(), plan.arenaBytes()));
      }
      assertThat(before.stateBytes()).isEqualTo(16);
      assertThat(before.constantBytes()).isEqualTo(16);
    }
  }

  @Test
  void nothingLeaksWhenEverythingIsClosed() {
    Value x = input("x", DType.F32, N, Dim.of(16));
    Graph graph = Graph.of("g", List.of(x), List.of(Ops.matmul(x, Constant.of(random(1, 16, 4)))));
    try (ReferenceDevice device = new ReferenceDevice()) {
      try (Engine engine = new Engine(device);
          Plan plan = engine.compile(graph);
          Session session = plan.session()) {
        session.run(Map.of("x", random(2, 3, 16)));
        assertThat(device.liveBytes()).isPositive();
      }
      assertThat(device.liveBytes()).isZero();
    }
  }

  @Test
  void aWrongInputIsNamedWithWhatWasExpected() {
    Value x = input("x", DType.F32, N, Dim.of(16));
    Graph graph = Graph.of("g", List.of(x), List.of(Ops.apply(Elementwise.ABS, x)));
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device);
        Plan plan = engine.compile(graph);
        Session session = plan.session()) {
      assertThatThrownBy(() -> session.run(Map.of("x", random(2, 3, 15))))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("input 'x' must be f32[n, 16], got f32[3, 15]");
      assertThatThrownBy(() -> session.run(Map.of("x", random(2, 65, 16))))
          .hasMessageContaining("dimension 'n' is 65, outside its declared range [0, 64]");
      assertThatThrownBy(() -> session.run(Map.of())).hasMessageContaining("input 'x' is missing");
    }
  }

  @Test
  void variantsGiveTheBitsOfTheGeneralPlan() {
    Value x = input("x", DType.F32, N, Dim.of(16));
    Value norm =
        Functions.layerNorm(x, Constant.of(random(1, 16)), Constant.of(random(2, 16)), 1e-5);
    Graph graph =
        Graph.of("g", List.of(x), List.of(Ops.matmul(norm, Constant.of(random(3, 16, 5)))));
    List<List<Symbol>> ranges =
        List.of(List.of(new Symbol("n", 1, 1)), List.of(new Symbol("n", 2, 8)));
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device);
        Plan plan = engine.compile(graph, ranges);
        Session session = plan.session()) {
      for (int n : new int[] {1, 5, 8, 9, 64, 1, 0}) {
        Map<String, Tensor> inputs = Map.of("x", random(4, n, 16));
        Tensor expected = java.util.Objects.requireNonNull(Reference.run(graph, inputs).get("0"));
        Tensor actual = java.util.Objects.requireNonNull(session.run(inputs).get("0"));
        assertThat(actual.bytes().mismatch(expected.bytes())).isEqualTo(-1);
      }
      assertThat(plan.explain()).contains("variant for inputs x f32[1, 16]");
      assertThatThrownBy(() -> engine.compile(graph, List.of(List.of(new Symbol("n", 1, 65)))))
          .hasMessageContaining("leaves its declared range [0, 64]");
    }
  }

  @Test
  void resultsComeIntoTensorsThatAreThere() {
    Value x = input("x", DType.F32, N, Dim.of(16));
    Graph graph = Graph.of("g", List.of(x), List.of(Ops.add(x, x), Ops.mul(x, x)));
    try (ReferenceDevice device = new ReferenceDevice();
        Engine engine = new Engine(device);
        Plan plan = engine.compile(graph, List.of(List.of(new Symbol("n", 1, 1))));
        Session session = plan.session()) {
      for (int n : new int[] {3, 3, 1, 1, 3}) {
        Map<String, Tensor> inputs = Map.of("x", random(n, n, 16));
        Tensor squares = random(9, n, 16);
        session.run(inputs, Map.of("1", squares));
        Tensor expected = java.util.Objects.requireNonNull(Reference.run(graph, inputs).get("1"));
        assertThat(squares.bytes().mismatch(expected.bytes())).isEqualTo(-1);
      }
      Map<String, Tensor> three = Map.of("x", random(5, 3, 16));
      assertThatThrownBy(() -> session.run(three, Map.of("1", random(9, 2, 16))))
          .hasMessageContaining("output '1' is f32[3, 16], and the tensor given for it f32[2, 16]");
      assertThatThrownBy(() -> session.run(three, Map.of("2", random(9, 3, 16))))
          .hasMessageContaining("no output is named '2'; outputs: [0, 1]");
      assertThatThrownBy(() -> session.run(Map.of("x", Tensor.zeros(DType.F64, 3, 16))))
          .hasMessageContaining("input 'x' must be f32[n, 16], got f64[3, 16]");
    }
  }

  /** The host reads bytes, so a view of other bytes must be stored for it. */
  @Test
  void scatterIntoAViewStoresTheView() {
    Value x = input("x", DType.F32, Dim.of(6), N);
    Value at = input("at", DType.I64, Dim.of(2));
    Value rows = input("rows", DType.F32, Dim.of(2), Dim.of(6));
    Value line = input("line", DType.F32, Dim.of(2));
    Graph graph =
        Graph.of(
            "scatter",
            List.of(x, at, rows, line),
            List.of(
                Ops.scatter(Scatter.Kind.SET, Ops.transpose(x), at, rows),
                Ops.scatter(Scatter.Kind.ADD, Ops.reshape(x, Shape.of(N.times(6))), at, line)));
    sameBits(
        graph,
        Map.of(
            "x", random(1, 6, 9),
            "at", Tensor.of(new long[] {7, 2}, 2),
            "rows", random(2, 2, 6),
            "line", random(3, 2)));
  }

  @Test
  void paddingAroundAGatherTouchesOnlyWhatTheIndicesName() {
    Value x = input("x", DType.F32, Dim.of(3), Dim.of(2));
    Value at = input("at", DType.I64, Dim.of(4));
    Value padded =
        Ops.pad(Ops.gather(x, at, 0), List.of(Dim.of(2), Dim.ONE), List.of(Dim.ZERO, Dim.of(3)));
    Graph graph = Graph.of("pad", List.of(x, at), List.of(padded));
    sameBits(graph, Map.of("x", random(1, 3, 2), "at", Tensor.of(new long[] {2, 0, 1, 2}, 4)));
  }

  /** Nothing of the count is read, but its value is the extent of what is made. */
  @Test
  void whateverHasACountAsItsDimensionFollowsTheCount() {
    Value x = input("x", DType.F32, Dim.of(7));
    Symbol count = new Symbol("count", 0, 7);
    Value ones = Ops.fill(DType.F32, Shape.of(Dim.of(count)), 1);
    Value where = Node.value(new NonZero(count), x);
    Value length = Ops.dimension(Dim.of(count));
    Graph graph = Graph.of("count", List.of(x), List.of(Ops.sumAll(ones), length, ones, where));
    sameBits(graph, Map.of("x", Tensor.of(new float[] {0, 1, 0, 2, 3, 0, 0}, 7)));
  }

  /** What is picked is true whatever it was: only how many there are is left of the picking. */
  @Test
  void aCountThatOnlyAShapeNeedsIsStillCounted() {
    Value x = input("x", DType.F32, Dim.of(7));
    Symbol count = new Symbol("count", 0, 7);
    Value where = Ops.reshape(Node.value(new NonZero(count), x), Shape.of(Dim.of(count)));
    Value isNan = Ops.apply(Elementwise.IS_NAN, Ops.gather(x, where, 0));
    Value anyway = Ops.apply(Elementwise.OR, isNan, Ops.like(isNan, 1));
    Graph graph = Graph.of("count", List.of(x), List.of(anyway));
    sameBits(graph, Map.of("x", Tensor.of(new float[] {0, 1, 0, 2, 3, 0, 0}, 7)));
  }

  /** Strides of an empty tensor are 0, which must not make its rows look like single elements. */
  @Test
  void rowsOfAnEmptyTensorAreCompiled() {
    Value x = input("x", DType.F32, Dim.of(4), Dim.ZERO, Dim.of(6));
    Graph graph = Graph.of("empty", List.of(x), List.of(Functions.logSoftmax(x, 0)));
    sameBits(graph, Map.of("x", random(1, 4, 0, 6)));
  }
}
