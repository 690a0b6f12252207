package dev.bascule.formats.importer;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Elements stay as they are and go elsewhere. */
final class MovementOperators {
  /** Indices that are written out, one for each place of a padded axis. */
  private static final int PLACES_MAX = 1 << 22;

  private MovementOperators() {}

  static void addTo(Table table) {
    table.row("Reshape", 6, MovementOperators::reshape);
    table.row("Flatten", 6, MovementOperators::flatten);
    table.row("Squeeze", 6, MovementOperators::squeeze);
    table.row("Unsqueeze", 6, MovementOperators::unsqueeze);
    table.row("Transpose", 1, MovementOperators::transpose);
    table.row("Expand", 8, MovementOperators::expand);
    table.row("Tile", 6, MovementOperators::tile);
    table.row("Concat", 6, node -> concat(node));
    table.rows("Split", 6, MovementOperators::split);
    table.row("Slice", 6, MovementOperators::slice);
    table.row("Pad", 6, MovementOperators::pad);
    table.row("DepthToSpace", 6, MovementOperators::depthToSpace);
    table.row("SpaceToDepth", 6, MovementOperators::spaceToDepth);
  }

  private static Value reshape(NodeContext node) {
    Value x = node.input(0);
    boolean keepsZero = node.flag("allowzero", false);
    List<Dim> wanted = node.dims(1);
    List<Dim> dims = new ArrayList<>();
    int open = -1;
    for (int axis = 0; axis < wanted.size(); axis++) {
      Dim dim = wanted.get(axis);
      if (dim.is(-1) && open < 0) {
        open = axis;
        dims.add(Dim.ONE);
      } else if (dim.max() < 0) {
        throw node.wrong("sizes, and at most one -1", wanted.toString());
      } else if (dim.is(0) && !keepsZero && axis < x.shape().rank()) {
        dims.add(x.shape().dim(axis));
      } else {
        dims.add(dim);
      }
    }
    if (open >= 0) {
      Dim rest = new Shape(dims).elements();
      dims.set(open, rest.is(0) ? Dim.ZERO : x.shape().elements().floorDiv(rest));
    }
    return Ops.reshape(x, new Shape(dims));
  }

  private static Value flatten(NodeContext node) {
    Value x = node.input(0);
    long axis = node.integer("axis", 1);
    int rank = x.shape().rank();
    int split = axis == rank ? rank : node.axis(axis, rank);
    return Ops.reshape(x, NormalizationOperators.flat(x.shape(), split));
  }

  private static Value squeeze(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    List<Integer> axes =
        node.integers("axes", 1)
            .map(given -> node.axes(given, rank))
            .orElseGet(() ->
                IntStream.range(0, rank)
                    .filter(axis -> x.shape().dim(axis).is(1))
                    .boxed()
                    .toList());
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      if (!axes.contains(axis)) {
        dims.add(x.shape().dim(axis));
      } else if (!x.shape().dim(axis).is(1)) {
        throw node.wrong("extent 1 of axis " + axis, x.shape().toString());
      }
    }
    return Ops.reshape(x, new Shape(dims));
  }

  private static Value unsqueeze(NodeContext node) {
    Value x = node.input(0);
    List<Long> given = node.integers("axes", 1).orElseThrow(() -> node.wrong("axes", "none"));
    int rank = x.shape().rank() + given.size();
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    for (int axis : new TreeSet<>(node.axes(given, rank))) {
      dims.add(axis, Dim.ONE);
    }
    return Ops.reshape(x, new Shape(dims));
  }

  private static Value transpose(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    List<Integer> reversed = IntStream.range(0, rank).map(i -> rank - 1 - i).boxed().toList();
    List<Integer> order = node.integers("perm").map(perm -> node.axes(perm, rank)).orElse(reversed);
    if (order.size() != rank) {
      throw node.wrong("a permutation of " + rank + " axes", order.toString());
    }
    return Ops.permute(x, order);
  }

  private static Value expand(NodeContext node) {
    Value x = node.input(0);
    return Ops.broadcast(x, Ops.common("Expand", x.shape(), new Shape(node.dims(1))));
  }

  /** Each axis gets a new one before it, over which it is repeated. */
  private static Value tile(NodeContext node) {
    Value x = node.input(0);
    List<Dim> repeats = node.dims(1);
    if (repeats.size() != x.shape().rank()) {
      throw node.wrong(x.shape().rank() + " repeats", repeats.toString());
    }
    List<Dim> apart = new ArrayList<>();
    List<Dim> spread = new ArrayList<>();
    List<Dim> joined = new ArrayList<>();
    for (int axis = 0; axis < repeats.size(); axis++) {
      Dim extent = x.shape().dim(axis);
      apart.addAll(List.of(Dim.ONE, extent));
      spread.addAll(List.of(repeats.get(axis), extent));
      joined.add(repeats.get(axis).times(extent));
    }
    Value repeated = Ops.broadcast(Ops.reshape(x, new Shape(apart)), new Shape(spread));
    return Ops.reshape(repeated, new Shape(joined));
  }

  private static Value concat(NodeContext node) {
    int axis = node.axis(node.integer("axis", 1), node.rank(0));
    return Ops.concat(node.allInputs(), axis);
  }

  private static List<Value> split(NodeContext node) {
    Value x = node.input(0);
    int axis = node.axis(node.integer("axis", 0), x.shape().rank());
    Dim extent = x.shape().dim(axis);
    List<Dim> sizes = new ArrayList<>();
    if (node.has("split")) {
      node.integers("split").orElseThrow().forEach(size -> sizes.add(Dim.of(size)));
    } else if (node.optional(1).isPresent()) {
      sizes.addAll(node.dims(1));
    } else {
      long count = node.integer("num_outputs", node.outputCount());
      if (count < 1 || count > Math.max(1, node.outputCount())) {
        throw node.wrong(node.outputCount() + " parts", Long.toString(count));
      }
      sizes.addAll(evenly(extent, count));
    }
    List<Value> parts = new ArrayList<>();
    Dim start = Dim.ZERO;
    for (Dim size : sizes) {
      parts.add(Ops.sliceAxis(x, axis, start, size));
      start = start.plus(size);
    }
    if (!start.equals(extent)) {
      throw node.wrong("parts of together " + extent, sizes.toString());
    }
    return parts;
  }

  /** Equal parts; where the extent cannot be divided, the last is smaller. */
  private static List<Dim> evenly(Dim extent, long count) {
    Dim each = extent.ceilDiv(Dim.of(count));
    List<Dim> sizes = new ArrayList<>(Collections.nCopies((int) count - 1, each));
    sizes.add(extent.minus(each.times(count - 1)));
    return sizes;
  }

  private static Value slice(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    boolean asInputs = node.opset() >= 10;
    List<Dim> from = asInputs ? node.dims(1) : attribute(node, "starts");
    List<Dim> to = asInputs ? node.dims(2) : attribute(node, "ends");
    List<Integer> axes =
        node.integers("axes", 3)
            .map(given -> node.axes(given, rank))
            .orElseGet(() -> IntStream.range(0, from.size()).boxed().toList());
    boolean hasSteps = asInputs && node.optional(4).isPresent();
    List<Long> steps = hasSteps ? node.integers(4) : Collections.nCopies(from.size(), 1L);
    if (axes.size() != from.size() || to.size() != from.size() || steps.size() != from.size()) {
      throw node.wrong(
          "as many starts as ends, axes and steps", from + ", " + to + ", " + axes + ", " + steps);
    }
    List<Dim> starts = new ArrayList<>(Collections.nCopies(rank, Dim.ZERO));
    List<Dim> sizes = new ArrayList<>(x.shape().dims());
    List<Long> strides = new ArrayList<>(Collections.nCopies(rank, 1L));
    for (int i = 0; i < axes.size(); i++) {
      Dim extent = x.shape().dim(axes.get(i));
      long step = steps.get(i);
      if (step == 0) {
        throw node.wrong("a step other than zero", "0");
      }
      Dim start = bound(node, from.get(i), extent, step > 0 ? 0 : -1);
      Dim end = bound(node, to.get(i), extent, step > 0 ? 0 : -1);
      Dim span = step > 0 ? end.minus(start) : start.minus(end);
      starts.set(axes.get(i), start);
      sizes.set(axes.get(i), span.ceilDiv(Dim.of(Math.abs(step))).max(Dim.ZERO));
      strides.set(axes.get(i), step);
    }
    boolean plain = strides.stream().allMatch(step -> step == 1);
    return plain ? Ops.slice(x, starts, sizes) : Node.value(new Slice(starts, sizes, strides), x);
  }

  private static List<Dim> attribute(NodeContext node, String name) {
    return node.integers(name).orElseThrow(() -> node.wrong("attribute " + name, "none")).stream()
        .map(Dim::of)
        .toList();
  }

  /**
   * A bound of a slice: from the end where negative, then clamped to [0, extent], or going
   * backwards to [-1, extent - 1].
   */
  private static Dim bound(NodeContext node, Dim given, Dim extent, long low) {
    Dim high = extent.plus(low);
    if (given.isConstant() && given.constant() >= Integer.MAX_VALUE) {
      return high;
    }
    if (given.isConstant() && given.constant() <= -Integer.MAX_VALUE) {
      return Dim.of(low);
    }
    Dim place;
    if (given.min() >= 0) {
      place = given;
    } else if (given.max() < 0) {
      place = given.plus(extent).max(Dim.of(low));
    } else {
      throw node.unsupported("a bound that may have either sign");
    }
    return node.smaller(place, high);
  }

  private static Value pad(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    List<Dim> pads = node.opset() >= 11 ? node.dims(1) : attribute(node, "pads");
    List<Integer> axes =
        node.optional(3)
            .map(ignored -> node.axes(node.integers(3), rank))
            .orElseGet(() -> IntStream.range(0, rank).boxed().toList());
    if (pads.size() != 2 * axes.size()) {
      throw node.wrong(2 * axes.size() + " pads", pads.toString());
    }
    List<Dim> low = new ArrayList<>(Collections.nCopies(rank, Dim.ZERO));
    List<Dim> high = new ArrayList<>(low);
    for (int i = 0; i < axes.size(); i++) {
      low.set(axes.get(i), pads.get(i));
      high.set(axes.get(i), pads.get(i + axes.size()));
    }
    String mode = node.text("mode", "constant");
    if (!mode.equals("constant")) {
      return padByGather(node, mode, low, high);
    }
    Value value =
        node.optional(2)
            .map(given -> Ops.reshape(given, Shape.SCALAR))
            .orElseGet(() -> Ops.scalar(x.dtype(), node.number("value", 0)));
    return padConstant(x, low, high, value);
  }

  /** Negative amounts cut instead. */
  private static Value padConstant(Value x, List<Dim> low, List<Dim> high, Value value) {
    List<Dim> starts = new ArrayList<>();
    List<Dim> sizes = new ArrayList<>();
    List<Dim> before = new ArrayList<>();
    List<Dim> after = new ArrayList<>();
    for (int axis = 0; axis < low.size(); axis++) {
      Dim cutLow = low.get(axis).min(Dim.ZERO).times(-1);
      Dim cutHigh = high.get(axis).min(Dim.ZERO).times(-1);
      starts.add(cutLow);
      sizes.add(x.shape().dim(axis).minus(cutLow).minus(cutHigh));
      before.add(low.get(axis).max(Dim.ZERO));
      after.add(high.get(axis).max(Dim.ZERO));
    }
    return Node.value(new Pad(before, after), Ops.slice(x, starts, sizes), value);
  }

  private static Value padByGather(NodeContext node, String mode, List<Dim> low, List<Dim> high) {
    Value x = node.input(0);
    for (int axis = 0; axis < low.size(); axis++) {
      Dim extent = x.shape().dim(axis);
      if (low.get(axis).is(0) && high.get(axis).is(0)) {
        continue;
      }
      if (!extent.isConstant() || !low.get(axis).isConstant() || !high.get(axis).isConstant()) {
        throw node.unsupported("mode " + mode + " of a symbolic axis");
      }
      long from = -low.get(axis).constant();
      long count = Math.addExact(extent.constant(), high.get(axis).constant()) - from;
      if (count < 0 || count > PLACES_MAX) {
        throw node.wrong("an axis of 0 to " + PLACES_MAX + " elements", Long.toString(count));
      }
      long[] places = new long[(int) count];
      for (int i = 0; i < places.length; i++) {
        places[i] = source(node, mode, from + i, extent.constant());
      }
      x = Ops.gather(x, Constant.of(Tensor.of(places, places.length)), axis);
    }
    return x;
  }

  private static long source(NodeContext node, String mode, long place, long extent) {
    if (extent == 0) {
      throw node.wrong("elements to pad from", "an empty axis");
    }
    return switch (mode) {
      case "edge" -> Math.clamp(place, 0, extent - 1);
      case "wrap" -> Math.floorMod(place, extent);
      case "reflect" -> {
        long period = Math.max(1, 2 * (extent - 1));
        long within = Math.floorMod(place, period);
        yield within < extent ? within : period - within;
      }
      default -> throw node.unsupported("mode " + mode);
    };
  }

  private static Value depthToSpace(NodeContext node) {
    Value x = node.input(0);
    List<Dim> d = images(node, x);
    Dim block = Dim.of(node.integer("blocksize", 1));
    Dim depth = d.get(1).floorDiv(block.times(block));
    boolean rows = node.text("mode", "DCR").equals("DCR");
    List<Dim> apart =
        rows
            ? List.of(d.get(0), block, block, depth, d.get(2), d.get(3))
            : List.of(d.get(0), depth, block, block, d.get(2), d.get(3));
    List<Integer> order = rows ? List.of(0, 3, 4, 1, 5, 2) : List.of(0, 1, 4, 2, 5, 3);
    Value moved = Ops.permute(Ops.reshape(x, new Shape(apart)), order);
    return Ops.reshape(
        moved, Shape.of(d.get(0), depth, d.get(2).times(block), d.get(3).times(block)));
  }

  private static Value spaceToDepth(NodeContext node) {
    Value x = node.input(0);
    List<Dim> d = images(node, x);
    Dim block = Dim.of(node.integer("blocksize", 1));
    Dim height = d.get(2).floorDiv(block);
    Dim width = d.get(3).floorDiv(block);
    Shape apart = Shape.of(d.get(0), d.get(1), height, block, width, block);
    Value moved = Ops.permute(Ops.reshape(x, apart), List.of(0, 3, 5, 1, 2, 4));
    return Ops.reshape(
        moved, Shape.of(d.get(0), d.get(1).times(block).times(block), height, width));
  }

  private static List<Dim> images(NodeContext node, Value x) {
    if (x.shape().rank() != 4) {
      throw node.wrong("an input [batch, depth, height, width]", x.shape().toString());
    }
    return x.shape().dims();
  }
}
