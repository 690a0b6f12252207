package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reading and writing at indices. Our gather takes slices along one axis and our scatter writes
 * rows: what ONNX addresses by coordinates becomes row-major places in a flattened tensor.
 */
final class IndexOperators {
  private IndexOperators() {}

  static void addTo(Table table) {
    table.row("Gather", 1, IndexOperators::gather);
    table.row("GatherElements", 11, IndexOperators::gatherElements);
    table.row("GatherND", 11, IndexOperators::gatherNd);
    table.row("Scatter", 9, IndexOperators::scatterElements);
    table.row("ScatterElements", 11, IndexOperators::scatterElements);
    table.row("ScatterND", 11, IndexOperators::scatterNd);
    table.row("Compress", 9, IndexOperators::compress);
    table.row("ReverseSequence", 10, IndexOperators::reverseSequence);
  }

  /** Indices below zero count from the end. */
  static Value wrap(Value indices, Dim extent) {
    Value from = Ops.add(indices, Ops.broadcast(Ops.dimension(extent), indices.shape()));
    return Ops.select(Ops.lt(indices, Ops.like(indices, 0)), from, indices);
  }

  private static Value gather(NodeContext node) {
    Value data = node.input(0);
    int axis = node.axis(node.integer("axis", 0), data.shape().rank());
    Dim extent = data.shape().dim(axis);
    Value indices = Ops.cast(node.input(1), DType.I64);
    Optional<Tensor> constant = node.literal(1);
    if (constant.isEmpty()) {
      return Ops.gather(data, wrap(indices, extent), axis);
    }
    long[] places = constant.get().longs();
    if (places.length == 1 && constant.get().rank() == 0) {
      Dim place = places[0] < 0 ? extent.plus(places[0]) : Dim.of(places[0]);
      return Ops.squeeze(Ops.sliceAxis(data, axis, place, Dim.ONE), axis);
    }
    boolean fromEnd = false;
    for (long place : places) {
      fromEnd |= place < 0;
    }
    Value plain = Constant.of(Tensor.of(places, constant.get().extents()));
    return Ops.gather(data, fromEnd ? wrap(plain, extent) : plain, axis);
  }

  /**
   * Row-major place of the element whose coordinate along {@code axis} is given and whose others
   * are its own.
   */
  private static Value placesAlong(Value indices, Shape data, int axis) {
    Value wrapped = wrap(Ops.cast(indices, DType.I64), data.dim(axis));
    Value places = Ops.like(wrapped, 0);
    List<Dim> strides = data.strides();
    for (int i = 0; i < data.rank(); i++) {
      Value coordinate = i == axis ? wrapped : Ops.iota(wrapped.shape(), i);
      places = Ops.add(places, Ops.mul(coordinate, Ops.dimension(strides.get(i))));
    }
    return places;
  }

  private static Value flattened(Value x) {
    return Ops.reshape(x, Shape.of(x.shape().elements()));
  }

  private static Value gatherElements(NodeContext node) {
    Value data = node.input(0);
    int axis = node.axis(node.integer("axis", 0), data.shape().rank());
    return Ops.gather(flattened(data), placesAlong(node.input(1), data.shape(), axis), 0);
  }

  private static Value scatterElements(NodeContext node) {
    Value data = node.input(0);
    Value indices = node.input(1);
    int axis = node.axis(node.integer("axis", 0), data.shape().rank());
    Value places = flattened(placesAlong(indices, data.shape(), axis));
    Value result = Ops.scatter(kind(node), flattened(data), places, flattened(node.input(2)));
    return Ops.reshape(result, data.shape());
  }

  private static Scatter.Kind kind(NodeContext node) {
    return switch (node.text("reduction", "none")) {
      case "none" -> Scatter.Kind.SET;
      case "add" -> Scatter.Kind.ADD;
      case "mul" -> Scatter.Kind.MUL;
      case "min" -> Scatter.Kind.MIN;
      case "max" -> Scatter.Kind.MAX;
      default -> throw node.unsupported("reduction " + node.text("reduction", ""));
    };
  }

  /**
   * Indices [outer..., depth] address the axes of {@code data} from {@code first} on: the row-major
   * place of each among the {@code first + depth} leading axes, where the first {@code first}
   * coordinates are the indices' own.
   */
  private static Value placesOfTuples(NodeContext node, Value given, Shape data, int first) {
    Value indices = Ops.cast(given, DType.I64);
    int last = indices.shape().rank() - 1;
    int depth = depth(node, indices);
    if (first + depth > data.rank()) {
      throw node.wrong(
          "at most " + (data.rank() - first) + " coordinates", depth + " in " + given.type());
    }
    Shape outer = new Shape(indices.shape().dims().subList(0, last));
    Value places = Ops.zeros(DType.I64, outer);
    List<Dim> strides = new Shape(data.dims().subList(0, first + depth)).strides();
    for (int i = 0; i < first + depth; i++) {
      Value coordinate;
      if (i < first) {
        coordinate = Ops.iota(outer, i);
      } else {
        Value column = Ops.sliceAxis(indices, last, Dim.of(i - first), Dim.ONE);
        coordinate = wrap(Ops.squeeze(column, last), data.dim(i));
      }
      places = Ops.add(places, Ops.mul(coordinate, Ops.dimension(strides.get(i))));
    }
    return places;
  }

  private static int depth(NodeContext node, Value indices) {
    Dim depth = indices.shape().dim(indices.shape().rank() - 1);
    if (!depth.isConstant()) {
      throw node.unsupported("a symbolic number of coordinates");
    }
    return Math.toIntExact(depth.constant());
  }

  /** The leading {@code count} axes as one. */
  private static Value joined(Value data, int count) {
    List<Dim> dims = new ArrayList<>();
    dims.add(new Shape(data.shape().dims().subList(0, count)).elements());
    dims.addAll(data.shape().dims().subList(count, data.shape().rank()));
    return Ops.reshape(data, new Shape(dims));
  }

  private static Value gatherNd(NodeContext node) {
    Value data = node.input(0);
    Value indices = node.input(1);
    int batch = Math.toIntExact(node.integer("batch_dims", 0));
    Value places = placesOfTuples(node, indices, data.shape(), batch);
    return Ops.gather(joined(data, batch + depth(node, indices)), places, 0);
  }

  private static Value scatterNd(NodeContext node) {
    Value data = node.input(0);
    Value indices = node.input(1);
    Value places = flattened(placesOfTuples(node, indices, data.shape(), 0));
    Value rows = joined(data, depth(node, indices));
    List<Dim> dims = new ArrayList<>(rows.shape().dims());
    dims.set(0, places.shape().dim(0));
    Value updates = Ops.reshape(node.input(2), new Shape(dims));
    return Ops.reshape(Ops.scatter(kind(node), rows, places, updates), data.shape());
  }

  /** How many are chosen depends on values: a symbol stands for the number. */
  private static Value compress(NodeContext node) {
    Value x = node.has("axis") ? node.input(0) : flattened(node.input(0));
    int axis = node.has("axis") ? node.axis(node.integer("axis", 0), x.shape().rank()) : 0;
    Value condition = node.input(1);
    long most = Math.clamp(condition.shape().elements().max(), 0, Symbol.LIMIT);
    Symbol count = new Symbol(node.uniqueName(), 0, most);
    Value places = Node.value(new NonZero(count), condition);
    return Ops.gather(x, Ops.squeeze(places, 0), axis);
  }

  /** Along the time axis, the first {@code length} elements of each batch entry backwards. */
  private static Value reverseSequence(NodeContext node) {
    Value x = node.input(0);
    int batchAxis = node.axis(node.integer("batch_axis", 1), x.shape().rank());
    int timeAxis = node.axis(node.integer("time_axis", 0), x.shape().rank());
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      dims.add(axis == batchAxis ? x.shape().dim(axis) : Dim.ONE);
    }
    Value lengths = Ops.reshape(Ops.cast(node.input(1), DType.I64), new Shape(dims));
    Value time = Ops.iota(x.shape(), timeAxis);
    Value backwards = Ops.sub(Ops.sub(lengths, Ops.scalar(DType.I64, 1)), time);
    Value source = Ops.select(Ops.lt(time, lengths), backwards, time);
    return Ops.gather(flattened(x), placesAlong(source, x.shape(), timeAxis), 0);
  }
}
