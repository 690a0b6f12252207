package dev.bascule.formats.importer;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is known of values before a run. Shapes in ONNX are data: a model takes the shape of one
 * tensor, picks and multiplies its elements and reshapes another with the result. So small integer
 * values are followed through the graph as expressions over dimensions, and whatever rests on
 * constants alone is computed by the reference interpreter.
 */
final class KnownValues {
  private static final int ELEMENTS_MAX = 4096;
  private static final int EXPRESSION_CHARS_MAX = 1024;

  private final Map<String, Tensor> inputs;
  private final Set<String> used = new TreeSet<>();
  private final Map<Value, Optional<List<Dim>>> dims = new HashMap<>();
  private final Map<Node, Boolean> constants = new HashMap<>();
  private final Map<Node, Boolean> literals = new HashMap<>();

  KnownValues(Map<String, Tensor> inputs) {
    this.inputs = inputs;
  }

  /** The inputs whose values were looked at. */
  List<String> used() {
    return List.copyOf(used);
  }

  /**
   * The elements of a small integer (or bool) value in row-major order, as far as they are known.
   */
  Optional<List<Dim>> dims(Value value) {
    Deque<Value> open = new ArrayDeque<>();
    open.push(value);
    while (!open.isEmpty()) {
      Value next = open.peek();
      List<Value> needed = dims.containsKey(next) ? List.of() : unknownOperands(next);
      if (needed.isEmpty()) {
        open.pop();
        if (!dims.containsKey(next)) {
          dims.put(next, compute(next));
        }
      } else {
        needed.forEach(open::push);
      }
    }
    return dims.getOrDefault(value, Optional.empty());
  }

  /**
   * What must be looked at before a value: nothing behind values that are not small integers
   * themselves.
   */
  private List<Value> unknownOperands(Value value) {
    return isSmallInteger(value)
        ? value.node().operands().stream().filter(operand -> !dims.containsKey(operand)).toList()
        : List.of();
  }

  private static boolean isSmallInteger(Value value) {
    return !value.dtype().isFloat() && value.dtype().bits() >= Byte.SIZE && isSmall(value);
  }

  private Optional<List<Dim>> compute(Value value) {
    if (!isSmallInteger(value)) {
      return Optional.empty();
    }
    try {
      Optional<List<Dim>> followed = follow(value).filter(KnownValues::isPlain);
      return followed.isPresent() ? followed : constant(value).map(KnownValues::dimsOf);
    } catch (ShapeException | ArithmeticException e) {
      // An expression that overflows or divides by zero is not known; who needs it says so.
      return Optional.empty();
    }
  }

  /** Products of products grow without bound; no model means them. */
  static boolean isPlain(List<Dim> dims) {
    return dims.stream().allMatch(dim -> dim.toString().length() <= EXPRESSION_CHARS_MAX);
  }

  private static List<Dim> dimsOf(Tensor tensor) {
    List<Dim> dims = new ArrayList<>();
    for (long element : tensor.longs()) {
      dims.add(Dim.of(element));
    }
    return dims;
  }

  private Optional<List<Dim>> operand(Node node, int index) {
    return dims.getOrDefault(node.operand(index), Optional.empty());
  }

  private Optional<List<Dim>> follow(Value value) {
    Node node = value.node();
    int rank = value.shape().rank();
    return switch (node.op()) {
      case Constant constant -> Optional.of(dimsOf(constant.tensor()));
      case DimensionValue dimension -> Optional.of(List.of(dimension.dim()));
      case Reshape ignored -> operand(node, 0);
      case Cast ignored when node.operand(0).dtype().isInteger() && value.dtype().isInteger() ->
          operand(node, 0);
      case Broadcast ignored when node.operand(0).shape().elements().is(1) ->
          operand(node, 0)
              .map(one ->
                  Collections.nCopies((int) value.shape().elements().constant(), one.getFirst()));
      case Concat ignored when rank == 1 -> concat(node);
      case Slice slice when rank == 1 -> operand(node, 0).map(from -> slice(slice, from));
      case Gather ignored when node.operand(0).shape().rank() == 1 -> gather(node);
      case Reduce reduce when rank == 0 -> operand(node, 0).flatMap(all -> reduce(reduce, all));
      case Elementwise op -> elementwise(op, node);
      default -> Optional.empty();
    };
  }

  private Optional<List<Dim>> concat(Node node) {
    List<Dim> all = new ArrayList<>();
    for (int i = 0; i < node.operands().size(); i++) {
      Optional<List<Dim>> part = operand(node, i);
      if (part.isEmpty()) {
        return Optional.empty();
      }
      all.addAll(part.get());
    }
    return Optional.of(all);
  }

  private static List<Dim> slice(Slice slice, List<Dim> from) {
    List<Dim> part = new ArrayList<>();
    long at = slice.starts().getFirst().constant();
    for (long i = 0; i < slice.sizes().getFirst().constant(); i++) {
      part.add(from.get(Math.toIntExact(at)));
      at += slice.steps().getFirst();
    }
    return part;
  }

  private Optional<List<Dim>> gather(Node node) {
    Optional<List<Dim>> data = operand(node, 0);
    Optional<List<Dim>> indices = operand(node, 1);
    if (data.isEmpty() || indices.isEmpty()) {
      return Optional.empty();
    }
    List<Dim> picked = new ArrayList<>();
    for (Dim index : indices.get()) {
      if (!index.isConstant() || index.constant() < 0 || index.constant() >= data.get().size()) {
        return Optional.empty();
      }
      picked.add(data.get().get((int) index.constant()));
    }
    return Optional.of(picked);
  }

  private static Optional<List<Dim>> reduce(Reduce reduce, List<Dim> all) {
    return switch (reduce.kind()) {
      case SUM -> Optional.of(List.of(all.stream().reduce(Dim.ZERO, Dim::plus)));
      case PRODUCT -> Optional.of(List.of(all.stream().reduce(Dim.ONE, Dim::times)));
      case MAX -> all.stream().reduce(Dim::max).map(List::of);
      case MIN -> all.stream().reduce(Dim::min).map(List::of);
    };
  }

  private Optional<List<Dim>> elementwise(Elementwise op, Node node) {
    List<List<Dim>> operands = new ArrayList<>();
    for (int i = 0; i < node.operands().size(); i++) {
      Optional<List<Dim>> operand = operand(node, i);
      if (operand.isEmpty()) {
        return Optional.empty();
      }
      operands.add(operand.get());
    }
    List<Dim> results = new ArrayList<>();
    for (int i = 0; i < operands.getFirst().size(); i++) {
      int at = i;
      Optional<Dim> result =
          element(op, operands.stream().map(operand -> operand.get(at)).toList());
      if (result.isEmpty()) {
        return Optional.empty();
      }
      results.add(result.get());
    }
    return Optional.of(results);
  }

  private static Optional<Dim> element(Elementwise op, List<Dim> x) {
    Dim a = x.getFirst();
    Dim b = x.size() > 1 ? x.get(1) : a;
    return switch (op) {
      case NEG -> Optional.of(a.times(-1));
      case ADD -> Optional.of(a.plus(b));
      case SUB -> Optional.of(a.minus(b));
      case MUL -> Optional.of(a.times(b));
      case MIN -> Optional.of(a.min(b));
      case MAX -> Optional.of(a.max(b));
      case DIV -> a.min() >= 0 && b.min() > 0 ? Optional.of(a.floorDiv(b)) : Optional.empty();
      case REM -> a.min() >= 0 && b.min() > 0 ? Optional.of(a.mod(b)) : Optional.empty();
      case EQ -> equal(a, b);
      case NE -> equal(a, b).map(same -> Dim.ONE.minus(same));
      case LT -> less(a, b);
      case LE -> less(b, a).map(more -> Dim.ONE.minus(more));
      case SELECT -> a.isConstant() ? Optional.of(a.is(0) ? x.get(2) : b) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static Optional<Dim> equal(Dim a, Dim b) {
    if (a.equals(b)) {
      return Optional.of(Dim.ONE);
    }
    boolean apart = a.max() < b.min() || b.max() < a.min();
    return apart ? Optional.of(Dim.ZERO) : Optional.empty();
  }

  private static Optional<Dim> less(Dim a, Dim b) {
    if (a.max() < b.min()) {
      return Optional.of(Dim.ONE);
    }
    return a.min() >= b.max() ? Optional.of(Dim.ZERO) : Optional.empty();
  }

  /** A value that rests on constants, and on inputs that are known, alone. */
  Optional<Tensor> constant(Value value) {
    return evaluate(value, inputs, constants);
  }

  /** A value that rests on constants alone. */
  Optional<Tensor> literal(Value value) {
    return evaluate(value, Map.of(), literals);
  }

  private Optional<Tensor> evaluate(
      Value value, Map<String, Tensor> given, Map<Node, Boolean> verdicts) {
    if (value.node().op() instanceof Constant constant) {
      return Optional.of(constant.tensor());
    }
    if (!isComputable(value.node(), given, verdicts)) {
      return Optional.empty();
    }
    List<Value> parameters = new ArrayList<>();
    List<Tensor> tensors = new ArrayList<>();
    for (Node node : Graph.topological(List.of(value))) {
      if (node.op() instanceof Parameter parameter) {
        parameters.add(node.result());
        tensors.add(Objects.requireNonNull(given.get(parameter.label())));
        used.add(parameter.label());
      }
    }
    return Optional.of(
        Reference.evaluate(parameters, tensors, List.of(value), Bindings.NONE).getFirst());
  }

  /** Whether everything behind a node is known and small; each node is judged once. */
  private static boolean isComputable(
      Node node, Map<String, Tensor> given, Map<Node, Boolean> verdicts) {
    Deque<Node> open = new ArrayDeque<>();
    open.push(node);
    while (!open.isEmpty()) {
      Node next = open.peek();
      List<Node> operands = next.operands().stream().map(Value::node).toList();
      List<Node> unjudged =
          operands.stream().filter(operand -> !verdicts.containsKey(operand)).toList();
      if (!isComputableItself(next, given)) {
        verdicts.put(next, false);
        open.pop();
      } else if (unjudged.isEmpty()) {
        verdicts.put(
            next, operands.stream().allMatch(operand -> verdicts.getOrDefault(operand, false)));
        open.pop();
      } else {
        unjudged.forEach(open::push);
      }
    }
    return verdicts.getOrDefault(node, false);
  }

  private static boolean isComputableItself(Node node, Map<String, Tensor> given) {
    return switch (node.op()) {
      case Constant ignored -> true;
      case Parameter parameter -> given.containsKey(parameter.label());
      case NonZero ignored -> false;
      case DimensionValue dimension -> dimension.dim().isConstant();
      default -> node.results().stream().allMatch(KnownValues::isSmall);
    };
  }

  private static boolean isSmall(Value value) {
    return value.shape().isConstant() && value.shape().elements().constant() <= ELEMENTS_MAX;
  }
}
