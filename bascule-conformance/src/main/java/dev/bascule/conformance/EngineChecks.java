package dev.bascule.conformance;

import static dev.bascule.conformance.Check.require;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.engine.Store;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What users of an engine on the device rely on, beyond right results. */
final class EngineChecks {
  private final Device device;

  EngineChecks(Device device) {
    this.device = device;
  }

  List<Check> all() {
    return List.of(
        Check.that("errors name the input and what was expected", this::errorsNameTheInput),
        Check.that("a gather outside its table names the op", this::gatherFaultNamesTheOp),
        Check.that("a scatter outside its data names the op", this::scatterFaultNamesTheOp),
        Check.that("batches split into rows with equal bits", this::batchesSplit),
        Check.that("one plan, many lengths, many runs", this::plansAreReused),
        Check.that("sessions in four threads give the bits of one", this::sessionsInThreads),
        Check.that("states live between runs", this::statesLive),
        Check.that("a cache filled in steps gives the bits of one step", this::cacheGrows),
        Check.that("nothing stays open when all is closed", this::nothingStaysOpen),
        Check.that("later runs make nothing on the device", this::laterRunsMakeNothing));
  }

  private interface Body {
    void run(Session session);
  }

  private void withSession(Graph graph, Body body) {
    try (Engine engine = new Engine(device);
        Plan plan = engine.compile(graph);
        Session session = plan.session()) {
      body.run(session);
    }
  }

  private static void requireEqual(Tensor expected, Tensor actual, String what) {
    Optional<String> difference = Difference.of(expected, actual);
    require(difference.isEmpty(), what + ": " + difference.orElse(""));
  }

  private static Tensor output(Map<String, Tensor> outputs, String name) {
    Tensor tensor = outputs.get(name);
    if (tensor == null) {
      throw new Check.Unmet("no output '" + name + "' among " + outputs.keySet());
    }
    return tensor;
  }

  // --- errors

  private static void requireRefusal(Runnable action, String... words) {
    try {
      action.run();
    } catch (ShapeException e) {
      for (String word : words) {
        String message = String.valueOf(e.getMessage());
        require(message.contains(word), "the error does not say '" + word + "': " + message);
      }
      return;
    }
    throw new Check.Unmet("no error; expected one with " + List.of(words));
  }

  private void errorsNameTheInput() {
    Symbol n = new Symbol("n", 1, 9);
    Value x = Parameter.input("x", TensorType.of(DType.F32, Dim.of(n), Dim.of(3)));
    Value y = Parameter.input("y", TensorType.of(DType.F32, Dim.of(n)));
    Graph graph = Graph.of("errors", List.of(x, y), List.of(Ops.exp(x), Ops.exp(y)));
    Tensor good = Tensor.zeros(DType.F32, 4, 3);
    Tensor line = Tensor.zeros(DType.F32, 4);
    withSession(
        graph,
        session -> {
          requireRefusal(() -> session.run(Map.of("x", good)), "'y'", "missing");
          requireRefusal(
              () -> session.run(Map.of("x", Tensor.zeros(DType.F32, 4, 5), "y", line)),
              "'x'",
              "[4, 5]");
          requireRefusal(
              () -> session.run(Map.of("x", good, "y", Tensor.zeros(DType.F32, 5))), "'y'", "4");
          requireRefusal(
              () -> session.run(Map.of("x", Tensor.zeros(DType.F64, 4, 3), "y", line)),
              "'x'",
              "f64");
          requireRefusal(
              () -> session.run(Map.of("x", Tensor.zeros(DType.F32, 10, 3), "y", line)),
              "'n'",
              "10",
              "[1, 9]");
          requireRefusal(() -> session.run(Map.of("x", good, "y", line, "z", line)), "'z'");
          Map<String, Tensor> inputs = Map.of("x", good, "y", line);
          requireEqual(
              output(Reference.run(graph, inputs), "0"), output(session.run(inputs), "0"), "after");
        });
  }

  private static void requireFault(Session session, Map<String, Tensor> inputs, String... words) {
    try {
      session.run(inputs);
    } catch (DataException e) {
      for (String word : words) {
        String message = String.valueOf(e.getMessage());
        require(message.contains(word), "the error does not say '" + word + "': " + message);
      }
      return;
    }
    throw new Check.Unmet("an index outside its axis raised no error");
  }

  private void gatherFaultNamesTheOp() {
    Value table = Parameter.input("table", TensorType.of(DType.F32, 10, 6));
    Value ids = Parameter.input("ids", TensorType.of(DType.I64, 5));
    Value rows = Node.of("word embedding", new Gather(0), List.of(table, ids)).result();
    Graph graph = Graph.of("gather", List.of(table, ids), List.of(Ops.mul(rows, rows)));
    Tensor values =
        Inputs.draw(
            DType.F32,
            new long[] {10, 6},
            Values.Spread.ANY,
            Bindings.NONE,
            new SplittableRandom(1));
    withSession(
        graph,
        session -> {
          for (long wrong : new long[] {10, -1}) {
            Tensor bad = Tensor.of(new long[] {1, 2, wrong, 3, 4}, 5);
            requireFault(session, Map.of("table", values, "ids", bad), "word embedding");
            Map<String, Tensor> good =
                Map.of("table", values, "ids", Tensor.of(new long[] {9, 0, 3, 3, 1}, 5));
            requireEqual(
                output(Reference.run(graph, good), "0"), output(session.run(good), "0"), "after");
          }
        });
  }

  private void scatterFaultNamesTheOp() {
    Value data = Parameter.input("data", TensorType.of(DType.F32, 4, 2));
    Value at = Parameter.input("at", TensorType.of(DType.I64, 3));
    Value updates = Parameter.input("updates", TensorType.of(DType.F32, 3, 2));
    Scatter add = new Scatter(Scatter.Kind.ADD);
    Value result = Node.of("count tokens", add, List.of(data, at, updates)).result();
    Graph graph = Graph.of("scatter", List.of(data, at, updates), List.of(result));
    withSession(
        graph,
        session -> {
          Map<String, Tensor> inputs = new HashMap<>();
          inputs.put("data", Tensor.zeros(DType.F32, 4, 2));
          inputs.put("updates", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
          inputs.put("at", Tensor.of(new long[] {0, 4, 1}, 3));
          requireFault(session, inputs, "count tokens");
          inputs.put("at", Tensor.of(new long[] {0, 3, 0}, 3));
          requireEqual(
              output(Reference.run(graph, inputs), "0"), output(session.run(inputs), "0"), "after");
        });
  }

  // --- invariance

  private void batchesSplit() {
    withSession(
        SmallModel.graph(),
        session -> {
          for (int tokens : new int[] {1, 33}) {
            Map<String, Tensor> all = SmallModel.inputs(8, tokens, tokens);
            Tensor together = output(session.run(all), "embedding");
            for (int row = 0; row < 8; row++) {
              Map<String, Tensor> one = new HashMap<>();
              for (Map.Entry<String, Tensor> input : all.entrySet()) {
                one.put(input.getKey(), row(input.getValue(), row));
              }
              Tensor alone = output(session.run(one), "embedding");
              requireEqual(row(together, row), alone, "row " + row + " of " + tokens + " tokens");
            }
          }
        });
  }

  /** Row {@code row} as a batch of one. */
  private static Tensor row(Tensor tensor, int row) {
    long[] extents = tensor.extents();
    extents[0] = 1;
    long bytes = tensor.bytes().byteSize() / tensor.extent(0);
    return new Tensor(tensor.dtype(), extents, tensor.bytes().asSlice(row * bytes, bytes));
  }

  private void plansAreReused() {
    Graph graph = SmallModel.graph();
    withSession(
        graph,
        session -> {
          for (int round = 0; round < 2; round++) {
            for (int tokens : new int[] {3, 33}) {
              for (int batch : new int[] {1, 0, 2}) {
                Map<String, Tensor> inputs = SmallModel.inputs(batch, tokens, 7L * tokens);
                requireEqual(
                    output(Reference.run(graph, inputs), "embedding"),
                    output(session.run(inputs), "embedding"),
                    batch + " texts of " + tokens);
              }
            }
          }
        });
  }

  private void sessionsInThreads() {
    Map<String, Tensor> inputs = SmallModel.inputs(4, 30, 5);
    try (Engine engine = new Engine(device);
        Plan plan = engine.compile(SmallModel.graph());
        Session alone = plan.session();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Tensor expected = output(alone.run(inputs), "embedding");
      List<Future<?>> runs = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        runs.add(
            threads.submit(() -> {
              try (Session session = plan.session()) {
                for (int i = 0; i < 10; i++) {
                  requireEqual(expected, output(session.run(inputs), "embedding"), "run " + i);
                }
              }
            }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } catch (ExecutionException e) {
      throw new Check.Unmet(String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A running sum, and a cache whose rows are overwritten: read, then written, in each run. */
  private void statesLive() {
    State sum = new State("sum", TensorType.of(DType.F32, 3));
    State cache = new State("cache", TensorType.of(DType.F32, 5, 3));
    Value x = Parameter.input("x", TensorType.of(DType.F32, 3));
    Value at = Parameter.input("at", TensorType.of(DType.I64, 1));
    Value next = Ops.add(Parameter.read(sum), x);
    Value written = Ops.scatter(Scatter.Kind.SET, Parameter.read(cache), at, Ops.unsqueeze(x, 0));
    Graph graph =
        new Graph(
            "states",
            List.of(x, at),
            Map.of("total", Ops.sumAll(written), "sum", next),
            Map.of(sum, next, cache, written));
    Map<State, Tensor> states = new HashMap<>();
    states.put(sum, Tensor.zeros(DType.F32, 3));
    states.put(cache, Tensor.zeros(DType.F32, 5, 3));
    try (Engine engine = new Engine(device);
        Plan plan = engine.compile(graph);
        Store store = engine.store();
        Session session = plan.session(store)) {
      for (int run = 0; run < 6; run++) {
        Map<String, Tensor> inputs =
            Map.of(
                "x", Tensor.of(new float[] {run, 0.1f, -run}, 3),
                "at", Tensor.of(new long[] {run % 5}, 1));
        Map<String, Tensor> expected = Reference.run(graph, inputs, states);
        Map<String, Tensor> actual = session.run(inputs);
        requireEqual(output(expected, "total"), output(actual, "total"), "total of run " + run);
        requireEqual(output(expected, "sum"), output(actual, "sum"), "sum of run " + run);
      }
      for (State state : List.of(sum, cache)) {
        Tensor expected = states.get(state);
        require(expected != null, "the reference lost " + state);
        if (expected != null) {
          requireEqual(expected, store.read(state), "state " + state.name());
        }
      }
    }
  }

  // --- leaks

  /** Attention over states that each run adds positions to. */
  private void cacheGrows() {
    Dim n = Dim.of(new Symbol("n", 1, 24));
    Dim capacity = Dim.of(30);
    Value q = Parameter.input("q", TensorType.of(DType.F32, n, Dim.of(4), Dim.of(8)));
    Value k = Parameter.input("k", TensorType.of(DType.F32, n, Dim.of(2), Dim.of(8)));
    Value positions = Parameter.input("positions", TensorType.of(DType.I64, n));
    Value length = Parameter.input("length", TensorType.of(DType.I64, Dim.ONE));
    State cache = new State("cache", TensorType.of(DType.F16, capacity, Dim.of(2), Dim.of(8)));
    Value before = Parameter.read(cache);
    Value after = Ops.scatter(Scatter.Kind.SET, before, positions, Ops.cast(k, DType.F16));
    Value out =
        Node.of("", new CachedAttention(0.5f, 8), List.of(q, after, after, length)).result();
    Graph graph =
        new Graph(
            "cache",
            List.of(q, k, positions, length),
            new java.util.LinkedHashMap<>(Map.of("out", out)),
            Map.of(cache, after));
    var random = new SplittableRandom(11);
    Tensor queries =
        Inputs.draw(
            DType.F32, new long[] {20, 4, 8}, Values.Spread.MODERATE, Bindings.NONE, random);
    Tensor keys =
        Inputs.draw(
            DType.F32, new long[] {20, 2, 8}, Values.Spread.MODERATE, Bindings.NONE, random);
    List<List<Tensor>> all = new ArrayList<>();
    try (Engine engine = new Engine(device);
        Plan plan = engine.compile(graph)) {
      for (int step : new int[] {20, 7, 1}) {
        List<Tensor> rows = new ArrayList<>();
        try (Store store = engine.store();
            Session session = plan.session(store)) {
          for (int from = 0; from < 20; from += step) {
            int count = Math.min(step, 20 - from);
            long[] at = java.util.stream.LongStream.range(from, from + count).toArray();
            Map<String, Tensor> inputs =
                Map.of(
                    "q", rows(queries, from, count),
                    "k", rows(keys, from, count),
                    "positions", Tensor.of(at, count),
                    "length", Tensor.of(new long[] {from + count}, 1));
            Tensor result = output(session.run(inputs), "out");
            for (int i = 0; i < count; i++) {
              rows.add(row(result, i));
            }
          }
        }
        all.add(rows);
      }
    }
    for (int i = 0; i < 20; i++) {
      requireEqual(all.get(0).get(i), all.get(1).get(i), "position " + i + " in steps of 7");
      requireEqual(all.get(0).get(i), all.get(2).get(i), "position " + i + " in steps of 1");
    }
  }

  private static Tensor rows(Tensor tensor, int from, int count) {
    long[] extents = tensor.extents();
    long bytes = tensor.bytes().byteSize() / extents[0];
    extents[0] = count;
    return new Tensor(tensor.dtype(), extents, tensor.bytes().asSlice(from * bytes, count * bytes));
  }

  private void nothingStaysOpen() {
    CountingDevice counting = new CountingDevice(device);
    for (int round = 0; round < 2; round++) {
      try (Engine engine = new Engine(counting);
          Plan plan = engine.compile(SmallModel.graph());
          Store store = engine.store();
          Session session = plan.session();
          Session second = plan.session()) {
        for (int tokens = 1; tokens <= 40; tokens++) { // more lengths than stay bound
          session.run(SmallModel.inputs(1, tokens, tokens));
        }
        second.run(SmallModel.inputs(2, 3, 1));
        store.write(new State("s", TensorType.of(DType.F32, 2)), Tensor.zeros(DType.F32, 2));
      }
      require(counting.open() == 0, counting.open() + " things stayed open");
    }
    require(counting.made() > 0, "nothing was made: the check checks nothing");
  }

  private void laterRunsMakeNothing() {
    CountingDevice counting = new CountingDevice(device);
    try (Engine engine = new Engine(counting);
        Plan plan = engine.compile(SmallModel.graph());
        Session session = plan.session()) {
      Map<String, Tensor> inputs = SmallModel.inputs(3, 20, 1);
      MemorySegment first = output(session.run(inputs), "embedding").bytes();
      long made = counting.made();
      for (int run = 0; run < 5; run++) {
        MemorySegment again = output(session.run(inputs), "embedding").bytes();
        require(first.mismatch(again) < 0, "run " + run + " differs from the first");
      }
      require(
          counting.made() == made,
          (counting.made() - made) + " buffers, streams or launches were made by later runs");
    }
  }
}
