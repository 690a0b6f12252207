package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The caches of a decoder: what each layer keeps of every position, and attention over them. */
final class Caches {
  private static final String SCALES = ".scales";
  private static final String ENTRIES = ".entries";
  private static final String APPEND = ".append";

  private final Decoder.Limits limits;
  private final int window;
  private final Value positions;
  private final Value length;
  private final Map<Dim, Value> rows = new HashMap<>();
  private final Map<State, Value> updates = new LinkedHashMap<>();

  /**
   * @param window positions that a query sees at most; 0 for all
   */
  Caches(Decoder.Limits limits, int window, Value positions, Value length) {
    this.limits = limits;
    this.window = window;
    this.positions = positions;
    this.length = length;
  }

  /** The last versions of the caches that were written since this was asked. */
  Map<State, Value> takeUpdates() {
    Map<State, Value> taken = new LinkedHashMap<>(updates);
    updates.clear();
    return taken;
  }

  /** What all layers read of a run's inputs: where they write, and how much is there. */
  List<Value> shared() {
    List<Value> shared = new ArrayList<>(rows.values());
    shared.add(positions);
    shared.add(length);
    return shared;
  }

  /**
   * A cache that is written to.
   *
   * @param numbers [capacity, heads, d]
   * @param scales of blocks, [capacity, heads, blocks], where numbers have them
   */
  record Cache(Value numbers, Optional<Value> scales) {}

  /**
   * Writes {@code entries} [n, heads, d] to the cache of this name. It lies head by head, so that
   * attention, which goes through one head's positions, reads memory in order.
   */
  Cache append(String name, Value entries) {
    if (!limits.cacheType().isScaled()) {
      Value numbers = Ops.cast(entries, limits.cacheType().numbers());
      return new Cache(write(name, numbers), Optional.empty());
    }
    Blocks blocks = Blocks.of(name, entries);
    return new Cache(write(name, blocks.numbers), Optional.of(write(name + SCALES, blocks.scales)));
  }

  /**
   * Entries in blocks of whole numbers with a scale each.
   *
   * @param numbers i8 [n, heads, d]
   * @param scales f16 [n, heads, blocks]
   */
  private record Blocks(Value numbers, Value scales) {
    private static final int NUMBER_MAX = 127;

    /**
     * The scale is the largest absolute value over 127, rounded to f16; numbers are rounded to even
     * after a division by the rounded scale, and kept to 127. A block of zeros has the scale 0.
     */
    static Blocks of(String name, Value entries) {
      Shape shape = entries.shape();
      int block = CacheType.block(shape.dim(2).constant());
      Dim count = Dim.of(shape.dim(2).constant() / block);
      Shape inBlocks = Shape.of(shape.dim(0), shape.dim(1), count, Dim.of(block));
      Value split = Ops.reshape(entries, inBlocks);
      Value largest =
          Ops.reduce(Reduce.Kind.MAX, Ops.apply(Elementwise.ABS, split), List.of(3), true);
      Value scale =
          Layer.named(
              name + ".scale",
              Ops.cast(Ops.div(largest, Ops.like(largest, NUMBER_MAX)), DType.F16));
      Value wide = Ops.cast(scale, DType.F32);
      Value isZero = Ops.eq(wide, Ops.like(wide, 0));
      Value divisor = Ops.select(isZero, Ops.like(wide, 1), wide);
      Value quotient = Ops.div(split, Ops.broadcast(divisor, inBlocks));
      Value rounded = Ops.apply(Elementwise.ROUND, quotient);
      Value kept =
          Ops.min(Ops.max(rounded, Ops.like(rounded, -NUMBER_MAX)), Ops.like(rounded, NUMBER_MAX));
      return new Blocks(
          Ops.reshape(Ops.cast(kept, DType.I8), shape),
          Ops.reshape(scale, Shape.of(shape.dim(0), shape.dim(1), count)));
    }
  }

  /** The label of the scales of what has this label, if it is of a cache and they are there. */
  static Optional<String> scalesOf(String label) {
    return Stream.of(ENTRIES, APPEND)
        .filter(label::endsWith)
        .findFirst()
        .map(end -> label.substring(0, label.length() - end.length()) + SCALES + end);
  }

  /** Writes {@code entries} [n, heads, d] as they are; gives the cache [capacity, heads, d]. */
  private Value write(String name, Value entries) {
    Dim n = entries.shape().dim(0);
    Dim heads = entries.shape().dim(1);
    Dim width = entries.shape().dim(2);
    Dim capacity = Dim.of(limits.capacity());
    State state = new State(name, TensorType.of(entries.dtype(), heads.times(capacity), width));
    Value byHead = Layer.named(name + ENTRIES, Ops.permute(entries, List.of(1, 0, 2)));
    Value rows = Ops.reshape(byHead, Shape.of(heads.times(n), width));
    Value written =
        Layer.named(
            name + APPEND,
            Ops.scatter(Scatter.Kind.SET, Parameter.read(state), rows(heads, n), rows));
    updates.put(state, written);
    Value split = Ops.reshape(written, Shape.of(heads, capacity, width));
    return Ops.permute(split, List.of(1, 0, 2));
  }

  /** The rows of a cache, head by head, at which the positions lie: [heads * n]. */
  private Value rows(Dim heads, Dim n) {
    return rows.computeIfAbsent(
        heads,
        h -> {
          Shape all = Shape.of(heads, n);
          Value first =
              Ops.mul(Ops.iota(all, 0), Ops.fill(DType.I64, all, (double) limits.capacity()));
          Value at = Ops.add(first, Ops.broadcast(positions, all));
          return Layer.named("cache_rows", Ops.reshape(at, Shape.of(heads.times(n))));
        });
  }

  /** Attention of queries [n, heads, d] over caches that hold the same positions already. */
  Value attention(String label, Value queries, Cache keys, Cache values, float scale) {
    List<Value> operands = new ArrayList<>(List.of(queries, keys.numbers, values.numbers, length));
    keys.scales.ifPresent(operands::add);
    values.scales.ifPresent(operands::add);
    return Node.of(label, new CachedAttention(scale, Decoder.KEY_BLOCK, window), operands).result();
  }
}
