package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.onnx.OnnxAttribute;
import dev.bascule.formats.onnx.OnnxDataType;
import dev.bascule.formats.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node while it is rewritten: its inputs as values, its attributes with their defaults, and its
 * errors.
 */
final class NodeContext {
  private final OnnxNode node;
  private final String place;
  private final Object file;
  private final long opset;
  private final List<Optional<Value>> inputs;
  private final Map<String, OnnxAttribute.Value> attributes;
  private final KnownValues known;
  private final Tensors tensors;
  private final Map<Symbol, Long> limits;

  NodeContext(
      OnnxNode node,
      String place,
      Object file,
      long opset,
      List<Optional<Value>> inputs,
      Map<String, OnnxAttribute.Value> attributes,
      KnownValues known,
      Tensors tensors,
      Map<Symbol, Long> limits) {
    this.node = node;
    this.place = place;
    this.file = file;
    this.opset = opset;
    this.inputs = inputs;
    this.attributes = attributes;
    this.known = known;
    this.tensors = tensors;
    this.limits = limits;
  }

  long opset() {
    return opset;
  }

  String opType() {
    return node.opType();
  }

  /** A name that no other node of the model has, for what this node brings into being. */
  String uniqueName() {
    return node.opType() + "." + place.replace(' ', '.');
  }

  // --- errors

  FormatException wrong(String expected, String got) {
    return new FormatException(file, place, expected, got, "export the model again");
  }

  /** What Bascule does not do: {@code part} of this operator, or all of it where that is empty. */
  UnsupportedException unsupported(String part) {
    String what = node.opType() + (part.isEmpty() ? "" : " (" + part + ")");
    return new UnsupportedException(
        file,
        place,
        "an operator that this version knows",
        what,
        what + " of opset " + opset,
        "export the model without it, or use a later version");
  }

  // --- inputs and outputs

  int inputCount() {
    return inputs.size();
  }

  int outputCount() {
    return node.outputs().size();
  }

  /** Whether anybody may use an output. */
  boolean wants(int output) {
    return output < node.outputs().size() && !node.outputs().get(output).isEmpty();
  }

  Optional<Value> optional(int index) {
    return index < inputs.size() ? inputs.get(index) : Optional.empty();
  }

  Value input(int index) {
    return optional(index)
        .orElseThrow(
            () -> wrong("at least " + (index + 1) + " inputs", "input " + index + " left out"));
  }

  List<Value> allInputs() {
    List<Value> all = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      all.add(input(i));
    }
    return all;
  }

  int rank(int index) {
    return input(index).shape().rank();
  }

  // --- attributes

  boolean has(String name) {
    return attributes.containsKey(name);
  }

  private Optional<OnnxAttribute.Value> attribute(String name) {
    return Optional.ofNullable(attributes.get(name));
  }

  private FormatException wrongKind(String name, String expected, OnnxAttribute.Value got) {
    return wrong("attribute " + FormatException.quote(name) + " of kind " + expected, got.kind());
  }

  Optional<Long> integer(String name) {
    return attribute(name)
        .map(value -> {
          if (value instanceof OnnxAttribute.IntValue(long number)) {
            return number;
          }
          throw wrongKind(name, "INT", value);
        });
  }

  long integer(String name, long otherwise) {
    return integer(name).orElse(otherwise);
  }

  boolean flag(String name, boolean otherwise) {
    return integer(name, otherwise ? 1 : 0) != 0;
  }

  Optional<Double> number(String name) {
    return attribute(name)
        .map(value -> {
          if (value instanceof OnnxAttribute.FloatValue(float number)) {
            return (double) number;
          }
          throw wrongKind(name, "FLOAT", value);
        });
  }

  /** A float attribute; the default is rounded to float as the standard has it. */
  double number(String name, double otherwise) {
    return number(name).orElse((double) (float) otherwise);
  }

  String text(String name, String otherwise) {
    return attribute(name)
        .map(value -> {
          if (value instanceof OnnxAttribute.StringValue(String text)) {
            return text;
          }
          throw wrongKind(name, "STRING", value);
        })
        .orElse(otherwise);
  }

  Optional<List<Long>> integers(String name) {
    return attribute(name)
        .map(value -> {
          if (value instanceof OnnxAttribute.IntsValue(List<Long> numbers)) {
            return numbers;
          }
          throw wrongKind(name, "INTS", value);
        });
  }

  Optional<OnnxAttribute.Value> value(String name) {
    return attribute(name);
  }

  Tensor tensor(OnnxAttribute.TensorValue value) {
    return tensors.tensor(value.value(), this::unsupported);
  }

  /** The dtype that a number of ONNX's element types stands for. */
  DType dtype(long code) {
    for (OnnxDataType type : OnnxDataType.values()) {
      if (type.code() == code) {
        return Tensors.dtype(type).orElseThrow(() -> unsupported(type.name()));
      }
    }
    throw wrong("an element type", Long.toString(code));
  }

  // --- what is known of inputs

  /** The elements of an integer input, which shapes depend on. */
  List<Dim> dims(int index) {
    return known
        .dims(input(index))
        .orElseThrow(() -> unsupported("input " + index + " depends on values"));
  }

  /** The elements of an integer input that must be plain numbers. */
  List<Long> integers(int index) {
    List<Long> numbers = new ArrayList<>();
    for (Dim dim : dims(index)) {
      if (!dim.isConstant()) {
        throw unsupported("input " + index + " depends on dimensions");
      }
      numbers.add(dim.constant());
    }
    return numbers;
  }

  /** An input that rests on constants alone: for shorter ways where there are any. */
  Optional<Tensor> literal(int index) {
    return optional(index).flatMap(known::literal);
  }

  /** An input that must be known before the run. */
  Optional<Tensor> constant(int index) {
    return optional(index).flatMap(known::constant);
  }

  /**
   * Axes, dimensions and the like that came as an attribute and since some version come as an
   * input.
   */
  Optional<List<Long>> integers(String attribute, int input) {
    if (has(attribute)) {
      return integers(attribute);
    }
    return optional(input).map(ignored -> integers(input));
  }

  /**
   * The smaller of two sizes. Where one is a symbol that may be larger than the other, a constant,
   * this is noted: if the shapes do not fit together, that is a limit which the model has.
   */
  Dim smaller(Dim a, Dim b) {
    Dim smaller = a.min(b);
    Dim size = a.isConstant() ? a : b;
    Dim dimension = a.isConstant() ? b : a;
    boolean isOpen = !smaller.equals(size) && !smaller.equals(dimension);
    if (isOpen && size.isConstant() && dimension.symbols().size() == 1) {
      Symbol symbol = dimension.symbols().iterator().next();
      if (dimension.equals(Dim.of(symbol)) && size.constant() >= symbol.min()) {
        limits.merge(symbol, size.constant(), Math::min);
      }
    }
    return smaller;
  }

  // --- axes

  /** An axis that may count from the end, of a tensor of this rank. */
  int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw wrong("an axis from " + -rank + " to " + (rank - 1), Long.toString(axis));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  List<Integer> axes(List<Long> axes, int rank) {
    List<Integer> result = new ArrayList<>();
    for (long axis : axes) {
      int checked = axis(axis, rank);
      if (result.contains(checked)) {
        throw wrong("each axis once", axes.toString());
      }
      result.add(checked);
    }
    return result;
  }
}
