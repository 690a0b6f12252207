package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Draws a well-typed graph from a seed: 10 to 60 nodes of all families, with shared subexpressions,
 * symbolic dimensions and several outputs.
 */
final class RandomGraph {
  /** No value has more elements, so that the reference keeps up. */
  private static final long ELEMENTS_MAX = 3000;

  private static final long[] EXTENTS = {1, 2, 3, 4, 5, 6, 8, 12, 16, 31, 33, 40};

  /** Repetition is weight. */
  private static final DType[] DTYPES = {
    DType.F32, DType.F32, DType.F32, DType.F32, DType.F32, DType.F32, DType.F32, DType.F32,
    DType.F64, DType.F16, DType.BF16, DType.I32, DType.I64, DType.I64, DType.U8, DType.I8,
    DType.BOOL, DType.U32
  };

  private final SplittableRandom random;
  private final long seed;
  private final List<Value> inputs = new ArrayList<>();
  private final Map<String, Values> rules = new HashMap<>();
  private final List<Value> values = new ArrayList<>();
  private final Set<Value> used = new HashSet<>();
  private final List<Symbol> symbols = new ArrayList<>();
  private final List<Bindings> runs = new ArrayList<>();
  private final RandomGraphOps ops;

  private RandomGraph(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.ops = new RandomGraphOps(this, random);
    drawSymbols();
  }

  /** The graph of this seed, as a case with a few runs; some are called several times. */
  static Case of(long seed) {
    Case drawn = new RandomGraph(seed).draw();
    // a count has one symbol, which can have one value
    boolean counts = drawn.graph().nodes().stream().anyMatch(node -> node.op() instanceof NonZero);
    return seed % 4 == 3 && !counts ? RepeatedGraph.of(drawn, seed) : drawn;
  }

  private void drawSymbols() {
    Bindings large = Bindings.NONE;
    Bindings small = Bindings.NONE;
    int count = random.nextInt(3);
    for (int i = 0; i < count; i++) {
      long max = 2 + random.nextLong(39);
      Symbol symbol = new Symbol("s" + i, 1, max);
      symbols.add(symbol);
      large = large.with(symbol, max);
      small = small.with(symbol, 1 + random.nextLong(max));
    }
    runs.add(large);
    if (count > 0) {
      runs.add(small);
    }
  }

  private Case draw() {
    // each symbol is bound by an input, whatever else names it
    for (Symbol symbol : symbols) {
      add(input(DType.F32, Shape.of(Dim.of(symbol)), anyRule()));
    }
    int first = 1 + random.nextInt(3);
    for (int i = 0; i < first; i++) {
      add(input(DTYPES[random.nextInt(DTYPES.length)], anyShape(), anyRule()));
    }
    int nodes = 8 + random.nextInt(45);
    int tries = 0;
    while (values.size() < nodes && tries++ < 400) {
      try {
        Value value = ops.draw();
        if (fits(value.shape())) {
          add(value);
        }
      } catch (ShapeException refused) {
        // what was drawn has no meaning: draw again
      }
    }
    String name = "random graph " + seed;
    Map<String, Value> outputs = outputs();
    Set<Value> reached = new HashSet<>();
    Graph.topological(List.copyOf(outputs.values()))
        .forEach(node -> reached.addAll(node.results()));
    // symbols are bound by inputs: those that nothing else names stay
    List<Value> kept =
        inputs.stream()
            .filter(input -> reached.contains(input) || bindsAlone(input, reached))
            .toList();
    Graph graph = Graph.of(name, kept, outputs);
    return new Case(name, DType.F32, graph, rules, runs, false);
  }

  private boolean bindsAlone(Value input, Set<Value> reached) {
    return !input.shape().isConstant() && !reached.isEmpty();
  }

  /** Values that nothing reads, latest first, and a few that something reads. */
  private Map<String, Value> outputs() {
    List<Value> chosen = new ArrayList<>();
    int count = 2 + random.nextInt(8);
    for (Value value : values.reversed()) {
      if (!used.contains(value) && chosen.size() < count) {
        chosen.add(value);
      }
    }
    if (random.nextInt(3) == 0) {
      chosen.add(values.get(random.nextInt(values.size())));
    }
    // a count that some output has as a dimension must come from somewhere
    ops.count().ifPresent(chosen::add);
    Map<String, Value> outputs = new LinkedHashMap<>();
    for (Value value : chosen) {
      outputs.put("out" + outputs.size(), value);
    }
    return outputs;
  }

  private void add(Value value) {
    if (!values.contains(value)) {
      values.add(value);
      used.addAll(value.node().operands());
    }
  }

  // --- what the ops draw from

  boolean fits(Shape shape) {
    return runs.stream().allMatch(dims -> elements(shape, dims) <= ELEMENTS_MAX);
  }

  private static long elements(Shape shape, Bindings dims) {
    // a count of non-zero elements is not known yet: at most its declared largest
    Bindings all = dims;
    for (Dim dim : shape.dims()) {
      for (Symbol symbol : dim.symbols()) {
        all = all.values().containsKey(symbol) ? all : all.with(symbol, symbol.max());
      }
    }
    return shape.elements().evaluate(all);
  }

  Value input(DType dtype, Shape shape, Values rule) {
    if (!symbols.containsAll(shape.elements().symbols())) {
      throw new ShapeException("an input's extents must be known before the run: " + shape);
    }
    String label = "in" + inputs.size();
    Value input = Parameter.input(label, new TensorType(dtype, shape));
    inputs.add(input);
    rules.put(label, rule);
    return input;
  }

  /** An operand of exactly this type: one that is there, a constant, or a new input. */
  Value operand(DType dtype, Shape shape) {
    List<Value> fitting =
        values.stream().filter(v -> v.dtype() == dtype && v.shape().equals(shape)).toList();
    if (!fitting.isEmpty() && random.nextInt(4) > 0) {
      return pick(fitting);
    }
    if (shape.isConstant() && random.nextInt(3) == 0) {
      return constant(dtype, shape);
    }
    return fresh(input(dtype, shape, anyRule()));
  }

  private Value fresh(Value input) {
    add(input);
    return input;
  }

  Value constant(DType dtype, Shape shape) {
    long[] extents = shape.evaluate(Bindings.NONE);
    return Constant.of(
        Inputs.draw(dtype, extents, Values.Spread.MODERATE, Bindings.NONE, random.split()));
  }

  /** Some value; recent ones and those that nothing reads yet more often. */
  Value any() {
    return pick(values);
  }

  private Value pick(List<Value> from) {
    List<Value> unread = from.stream().filter(v -> !used.contains(v)).toList();
    if (!unread.isEmpty() && random.nextInt(3) > 0) {
      return unread.get(random.nextInt(unread.size()));
    }
    int a = random.nextInt(from.size());
    return from.get(random.nextInt(3) == 0 ? a : Math.max(a, random.nextInt(from.size())));
  }

  /** Some value with this many axes or more, or a new input. */
  Value ofRank(int rank, boolean isFloat) {
    List<Value> fitting =
        values.stream()
            .filter(v -> v.shape().rank() >= rank && (!isFloat || v.dtype().isFloat()))
            .toList();
    if (!fitting.isEmpty() && random.nextInt(8) > 0) {
      return pick(fitting);
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < rank + random.nextInt(2); i++) {
      dims.add(anyDim());
    }
    Shape shape = new Shape(dims);
    DType dtype = isFloat ? DType.F32 : anyDType();
    return fresh(input(dtype, fits(shape) ? shape : ones(rank), anyRule()));
  }

  private static Shape ones(int rank) {
    return new Shape(java.util.Collections.nCopies(rank, Dim.of(3)));
  }

  DType anyDType() {
    return DTYPES[random.nextInt(DTYPES.length)];
  }

  Dim anyDim() {
    return !symbols.isEmpty() && random.nextInt(3) == 0
        ? Dim.of(symbols.get(random.nextInt(symbols.size())))
        : Dim.of(EXTENTS[random.nextInt(EXTENTS.length)]);
  }

  private Shape anyShape() {
    List<Dim> dims = new ArrayList<>();
    int rank = random.nextInt(4);
    for (int axis = 0; axis < rank; axis++) {
      dims.add(anyDim());
      if (!fits(new Shape(dims))) {
        dims.removeLast();
      }
    }
    return new Shape(dims);
  }

  private Values anyRule() {
    return switch (random.nextInt(6)) {
      case 0 -> Values.Spread.ANY;
      case 1 -> Values.Spread.SPIKED;
      case 2 -> Values.Spread.POSITIVE;
      default -> Values.Spread.MODERATE;
    };
  }

  /** An elementwise op that takes {@code dtype} with this many operands. */
  Elementwise elementwise(DType dtype, int arity) {
    List<Elementwise> fitting = new ArrayList<>();
    for (Elementwise op : Elementwise.values()) {
      if (op.arity() == arity && op.takes(dtype)) {
        fitting.add(op);
      }
    }
    if (fitting.isEmpty()) {
      throw new ShapeException("no elementwise op with " + arity + " operands takes " + dtype);
    }
    return fitting.get(random.nextInt(fitting.size()));
  }

  Reduce.Kind reduction(DType dtype) {
    return dtype == DType.BOOL
        ? (random.nextBoolean() ? Reduce.Kind.MAX : Reduce.Kind.MIN)
        : Reduce.Kind.values()[random.nextInt(Reduce.Kind.values().length)];
  }

  /** {@code x} as numbers near 1 in size, so that what follows is not all infinite. */
  static Value tamed(Value x) {
    return x.dtype().isFloat() ? Ops.tanh(x) : x;
  }
}
