package dev.bascule.engine;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Conversions;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Dot;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Iota;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes a fused unit as kernel IR: stored values are walked down to what is in memory, composing
 * index maps on the way.
 */
final class KernelLowering {
  /** The kernel and the stored values its parameters stand for, in order. */
  record Lowered(Kernel kernel, List<Value> parameters) {}

  private record Key(int value, IndexMap map, Optional<Term> mask) {}

  private final Fusion fusion;
  private final Unit.Fused unit;
  private final List<Integer> axes;
  private final KernelBuilder b;
  private final Map<Value, Integer> inputs = new LinkedHashMap<>();
  private final List<Value> parameters = new ArrayList<>();
  private final Map<Key, Term> known = new HashMap<>();
  private final Map<Value, Integer> numbers = new HashMap<>();

  private KernelLowering(Fusion fusion, Unit.Fused unit) {
    this.fusion = fusion;
    this.unit = unit;
    // the kernel wants its row axes last
    this.axes = new ArrayList<>();
    for (int axis = 0; axis < unit.domain.size(); axis++) {
      if (!unit.rowAxes.contains(axis)) {
        axes.add(axis);
      }
    }
    axes.addAll(unit.rowAxes);
    this.b =
        new KernelBuilder(
            unit.label(), axes.stream().map(unit.domain::get).toList(), unit.rowAxes.size());
  }

  static Lowered lower(Fusion fusion, Unit.Fused unit) {
    KernelLowering lowering = new KernelLowering(fusion, unit);
    List<Map.Entry<Value, IndexMap>> order = new ArrayList<>(unit.stores.entrySet());
    // producers before consumers, so that every store follows what it needs
    java.util.Collections.reverse(order);
    List<Term> terms = new ArrayList<>();
    for (Map.Entry<Value, IndexMap> entry : order) {
      terms.add(lowering.compute(entry.getKey(), entry.getValue(), Optional.empty()));
    }
    for (int i = 0; i < order.size(); i++) {
      Value value = order.get(i).getKey();
      int parameter = lowering.b.output("out" + i, value.dtype());
      lowering.parameters.add(value);
      Affine element = order.get(i).getValue().linear(value.shape());
      lowering.b.store(lowering.access(parameter, element), terms.get(i));
    }
    return new Lowered(lowering.b.build(), List.copyOf(lowering.parameters));
  }

  private Access access(int parameter, Affine element) {
    return new Access(parameter, element.offset(), axes.stream().map(element::factor).toList());
  }

  private Term lower(Value value, IndexMap map, Optional<Term> mask) {
    Key key = new Key(numbers.computeIfAbsent(value, v -> numbers.size()), map, mask);
    Term term = known.get(key);
    if (term == null) {
      boolean here =
          fusion.homes.get(fusion.storage(value)) == unit && !fusion.aliases.containsKey(value);
      term =
          fusion.isStored(value) && !here
              ? load(value, map.linear(value.shape()), mask)
              : compute(value, map, mask);
      known.put(key, term);
    }
    return term;
  }

  private int input(Value value) {
    Value storage = fusion.storage(value);
    return inputs.computeIfAbsent(
        storage,
        v -> {
          parameters.add(v);
          return b.input("in" + inputs.size(), v.dtype());
        });
  }

  private Term load(Value value, Affine element, Optional<Term> mask) {
    Access access = access(input(value), element);
    return mask.isPresent() ? b.load(access, mask.get()) : b.load(access);
  }

  private Term compute(Value value, IndexMap map, Optional<Term> mask) {
    Node node = value.node();
    return switch (node.op()) {
      case Constant c -> b.constant(c.tensor().dtype().scalar(), c.tensor().get(0));
      case Elementwise e -> {
        Term[] operands =
            node.operands().stream().map(o -> lower(o, map, mask)).toArray(Term[]::new);
        yield e.expand(b, node.operands().getLast().dtype(), operands);
      }
      case Cast c ->
          Conversions.cast(b, node.operand(0).dtype(), c.to(), lower(node.operand(0), map, mask));
      case Bitcast c -> c.expand(b, node.operand(0).dtype(), lower(node.operand(0), map, mask));
      case Permute p -> lower(node.operand(0), Maps.permute(p, map), mask);
      case Broadcast c ->
          lower(node.operand(0), Maps.broadcast(c, node.operand(0).shape(), map), mask);
      case Slice s -> lower(node.operand(0), Maps.slice(s, map), mask);
      case Reshape r -> reshape(node, map, mask);
      case Pad p -> pad(node, p, map, mask);
      case Concat c -> concat(node, c, map, mask);
      case Gather g -> gather(node, g, map, mask);
      case Iota i -> coordinate(map.index(i.axis()));
      case DimensionValue v -> b.extent(v.dim());
      case Reduce r -> reduce(node, r, map);
      case Dot d -> dot(node, map);
      default -> throw new IllegalStateException("no kernel form of " + node);
    };
  }

  private Term reshape(Node node, IndexMap map, Optional<Term> mask) {
    Value operand = node.operand(0);
    Affine linear = map.linear(node.result().shape());
    boolean here =
        fusion.homes.get(fusion.storage(operand)) == unit && !fusion.aliases.containsKey(operand);
    if (fusion.isStored(operand) && !here) {
      return load(operand, linear, mask);
    }
    IndexMap split = IndexMap.split(linear, operand.shape(), unit.domain).orElseThrow();
    return lower(operand, split, mask);
  }

  /** The index as an I64 term. */
  private Term coordinate(Affine index) {
    Term sum = b.extent(index.offset());
    for (int axis = 0; axis < index.factors().size(); axis++) {
      if (index.dependsOn(axis)) {
        Term part = b.index(axes.indexOf(axis));
        Dim factor = index.factor(axis);
        sum = b.add(sum, factor.is(1) ? part : b.mul(part, b.extent(factor)));
      }
    }
    return sum;
  }

  private Optional<Term> and(Optional<Term> mask, Term more) {
    return Optional.of(mask.isPresent() ? b.and(mask.get(), more) : more);
  }

  /** True where the index along one axis lies in [0, extent). */
  private Term inside(Affine index, Dim extent) {
    Term at = coordinate(index);
    return b.and(b.le(b.constant(0L), at), b.lt(at, b.extent(extent)));
  }

  private Term pad(Node node, Pad pad, IndexMap map, Optional<Term> mask) {
    Value operand = node.operand(0);
    IndexMap inner = Maps.shift(map, pad.low());
    Term within = b.constant(true);
    for (int axis = 0; axis < operand.shape().rank(); axis++) {
      if (!pad.low().get(axis).is(0) || !pad.high().get(axis).is(0)) {
        within = b.and(within, inside(inner.index(axis), operand.shape().dim(axis)));
      }
    }
    Term value = lower(operand, inner, and(mask, within));
    return b.select(
        within, value, lower(node.operand(1), new IndexMap(List.of()), Optional.empty()));
  }

  private Term concat(Node node, Concat concat, IndexMap map, Optional<Term> mask) {
    List<Term> values = new ArrayList<>();
    List<Term> within = new ArrayList<>();
    Dim start = Dim.ZERO;
    for (Value operand : node.operands()) {
      IndexMap inner = Maps.shift(map, concat.axis(), start);
      Term here = inside(inner.index(concat.axis()), operand.shape().dim(concat.axis()));
      within.add(here);
      values.add(lower(operand, inner, and(mask, here)));
      start = start.plus(operand.shape().dim(concat.axis()));
    }
    Term chosen = values.getLast();
    for (int i = values.size() - 2; i >= 0; i--) {
      chosen = b.select(within.get(i), values.get(i), chosen);
    }
    return chosen;
  }

  private Term gather(Node node, Gather gather, IndexMap map, Optional<Term> mask) {
    Value data = node.operand(0);
    Shape indexShape = node.operand(1).shape();
    Term given = lower(node.operand(1), Maps.gatherIndices(gather, indexShape, map), mask);
    // elements outside the mask must not raise a fault
    Term index = mask.isPresent() ? b.select(mask.get(), given, b.constant(0L)) : given;
    Dim stride = data.shape().strides().get(gather.axis());
    IndexMap inner = Maps.gatherData(gather, indexShape, map);
    Dim extent = data.shape().dim(gather.axis());
    Access access = access(input(data), inner.linear(data.shape()));
    return b.loadAt(access, index, stride, extent);
  }

  private IndexMap foldedMap(Node node, List<Integer> folded, boolean keep, IndexMap map) {
    Shape operand = node.operand(0).shape();
    List<Affine> indices = new ArrayList<>();
    int next = 0;
    for (int axis = 0; axis < operand.rank(); axis++) {
      int at = folded.indexOf(axis);
      if (at >= 0) {
        indices.add(
            operand.dim(axis).is(1) ? Affine.ZERO : Affine.coordinate(unit.rowAxes.get(at)));
        next += keep ? 1 : 0;
      } else {
        indices.add(map.index(next++));
      }
    }
    return new IndexMap(indices);
  }

  /**
   * Folds in the scalar type; bool goes through i32, and wide unsigned order through a flipped sign
   * bit.
   */
  private Term reduce(Node node, Reduce reduce, IndexMap map) {
    DType dtype = node.operand(0).dtype();
    Term x =
        lower(
            node.operand(0), foldedMap(node, reduce.axes(), reduce.keep(), map), Optional.empty());
    Reduction kind = reduce.kind().reduction();
    boolean ordered = kind == Reduction.MAX || kind == Reduction.MIN;
    if (dtype == DType.BOOL) {
      Term folded = b.reduce(kind, b.select(x, b.constant(1), b.constant(0)));
      // an empty row gives the identity: false for any, true for all
      return b.lt(b.constant(0), folded);
    }
    if (ordered && (dtype == DType.U32 || dtype == DType.U64)) {
      Term flip =
          b.constant(x.type(), x.type() == ScalarType.I32 ? Integer.MIN_VALUE : Long.MIN_VALUE);
      return b.apply(Primitive.XOR, b.reduce(kind, b.apply(Primitive.XOR, x, flip)), flip);
    }
    return Conversions.settle(b, dtype, b.reduce(kind, x));
  }

  private Term dot(Node node, IndexMap map) {
    int last = node.operand(0).shape().rank() - 1;
    IndexMap inner = foldedMap(node, List.of(last), false, map);
    Term left = lower(node.operand(0), inner, Optional.empty());
    Term right = lower(node.operand(1), inner, Optional.empty());
    Term initial = lower(node.operand(2), map, Optional.empty());
    return Conversions.settle(b, node.result().dtype(), b.dot(left, right, initial));
  }
}
