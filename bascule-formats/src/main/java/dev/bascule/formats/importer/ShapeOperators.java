package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import dev.bascule.formats.onnx.OnnxAttribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Constants, shapes as data, and values that are made rather than computed. */
final class ShapeOperators {
  private ShapeOperators() {}

  static void addTo(Table table) {
    table.row("Constant", 1, ShapeOperators::constant);
    table.row("ConstantOfShape", 9, ShapeOperators::constantOfShape);
    table.row("Shape", 1, ShapeOperators::shape);
    table.row("Size", 1, node -> Ops.dimension(node.input(0).shape().elements()));
    table.row("Range", 11, ShapeOperators::range);
    table.row("EyeLike", 9, ShapeOperators::eye);
    table.row("Trilu", 14, ShapeOperators::triangle);
    table.row("OneHot", 9, ShapeOperators::oneHot);
    table.row("NonZero", 9, ShapeOperators::nonZero);
  }

  private static Value constant(NodeContext node) {
    if (node.value("value").orElse(null) instanceof OnnxAttribute.TensorValue tensor) {
      return Constant.of(node.tensor(tensor));
    }
    if (node.has("value_float")) {
      return Ops.scalar(DType.F32, node.number("value_float", 0));
    }
    if (node.has("value_int")) {
      return Constant.of(Tensor.of(new long[] {node.integer("value_int", 0)}));
    }
    if (node.has("value_ints")) {
      List<Long> values = node.integers("value_ints").orElseThrow();
      return integers(values);
    }
    if (node.value("value_floats").orElse(null)
        instanceof OnnxAttribute.FloatsValue(List<Float> list)) {
      float[] values = new float[list.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = list.get(i);
      }
      return Constant.of(Tensor.of(values, values.length));
    }
    throw node.unsupported("of strings or sparse");
  }

  private static Value integers(List<Long> values) {
    long[] array = values.stream().mapToLong(Long::longValue).toArray();
    return Constant.of(Tensor.of(array, array.length));
  }

  private static Value constantOfShape(NodeContext node) {
    Shape shape = new Shape(node.dims(0));
    if (!(node.value("value").orElse(null) instanceof OnnxAttribute.TensorValue tensor)) {
      return Ops.zeros(DType.F32, shape);
    }
    return Ops.broadcast(Constant.of(node.tensor(tensor).reshaped()), shape);
  }

  private static Value shape(NodeContext node) {
    List<Dim> dims = node.input(0).shape().dims();
    int start = clamp(node.integer("start", 0), dims.size());
    int end = clamp(node.integer("end", dims.size()), dims.size());
    List<Value> parts = new ArrayList<>();
    for (Dim dim : dims.subList(start, Math.max(start, end))) {
      parts.add(Ops.reshape(Ops.dimension(dim), Shape.of(1)));
    }
    return parts.isEmpty() ? integers(List.of()) : Ops.concat(parts, 0);
  }

  private static int clamp(long index, int rank) {
    return Math.clamp(index < 0 ? index + rank : index, 0, rank);
  }

  /** {@code start + i * step}: how many there are must be known from dimensions and constants. */
  private static Value range(NodeContext node) {
    Value start = node.input(0);
    Value step = node.input(2);
    Dim count = start.dtype().isFloat() ? floatCount(node) : integerCount(node);
    Value places = Ops.cast(Ops.iota(Shape.of(count), 0), start.dtype());
    return Ops.add(Ops.mul(places, step), start);
  }

  private static Dim floatCount(NodeContext node) {
    double[] bounds = new double[3];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = node.constant(i).orElseThrow(() -> node.unsupported("of values")).number(0);
    }
    return Dim.of((long) Math.max(0, Math.ceil((bounds[1] - bounds[0]) / bounds[2])));
  }

  private static Dim integerCount(NodeContext node) {
    Dim start = node.dims(0).getFirst();
    Dim limit = node.dims(1).getFirst();
    long step = node.integers(2).getFirst();
    if (step == 0) {
      throw node.wrong("a step other than zero", "0");
    }
    Dim span = step > 0 ? limit.minus(start) : start.minus(limit);
    return span.ceilDiv(Dim.of(Math.abs(step))).max(Dim.ZERO);
  }

  /** The coordinate along the last axis but {@code back}. */
  private static Value coordinate(Shape shape, int back) {
    return Ops.iota(shape, shape.rank() - 1 - back);
  }

  private static Value eye(NodeContext node) {
    Value x = node.input(0);
    DType dtype = node.has("dtype") ? node.dtype(node.integer("dtype", 0)) : x.dtype();
    Value row = coordinate(x.shape(), 1);
    Value column = coordinate(x.shape(), 0);
    Value diagonal = Ops.add(row, Ops.like(row, (double) node.integer("k", 0)));
    return Ops.cast(Ops.eq(column, diagonal), dtype);
  }

  private static Value triangle(NodeContext node) {
    Value x = node.input(0);
    long k = node.optional(1).isPresent() ? node.integers(1).getFirst() : 0;
    Value column = coordinate(x.shape(), 0);
    Value row = coordinate(x.shape(), 1);
    Value diagonal = Ops.add(row, Ops.like(row, (double) k));
    boolean upper = node.flag("upper", true);
    Value stays = upper ? Ops.le(diagonal, column) : Ops.le(column, diagonal);
    return Ops.select(stays, x, Ops.zeros(x.dtype(), x.shape()));
  }

  /** An index outside [-depth, depth) has no hot element. */
  private static Value oneHot(NodeContext node) {
    Value indices = Ops.cast(node.input(0), DType.I64);
    Dim depth = depth(node);
    Value values = node.input(2);
    int axis = node.axis(node.integer("axis", -1), indices.shape().rank() + 1);
    List<Dim> dims = new ArrayList<>(indices.shape().dims());
    dims.add(axis, depth);
    Shape shape = new Shape(dims);
    Value wrapped = IndexOperators.wrap(indices, depth);
    Value hit = Ops.eq(Ops.iota(shape, axis), Ops.unsqueeze(wrapped, axis));
    Value off = Ops.squeeze(Ops.sliceAxis(values, 0, Dim.ZERO, Dim.ONE), 0);
    Value on = Ops.squeeze(Ops.sliceAxis(values, 0, Dim.ONE, Dim.ONE), 0);
    return Ops.select(hit, on, off);
  }

  private static Dim depth(NodeContext node) {
    if (!node.input(1).dtype().isFloat()) {
      return node.dims(1).getFirst();
    }
    Optional<Tensor> constant = node.constant(1);
    return Dim.of(
        (long) constant.orElseThrow(() -> node.unsupported("depth depends on values")).number(0));
  }

  private static Value nonZero(NodeContext node) {
    Value x = node.input(0);
    long most = Math.clamp(x.shape().elements().max(), 0, Symbol.LIMIT);
    Symbol count = new Symbol(node.uniqueName(), 0, most);
    if (x.shape().rank() == 0) {
      throw node.unsupported("of a scalar");
    }
    return Node.value(new NonZero(count), Ops.apply(Elementwise.NE, x, Ops.like(x, 0)));
  }
}
