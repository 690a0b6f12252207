package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Writes a model as GGUF with the names, the metadata and the order of rows that llama.cpp has for
 * its family, its linear layers as one type. Norms, biases and routers stay f32, and so do layers
 * whose rows the type does not divide.
 */
public final class GgufExport {
  /** Rows that one task encodes. */
  private static final int ROWS = 64;

  private final DecoderConfig config;
  private final WeightSource source;
  private final WeightType type;
  private final List<OutgoingTensor> tensors = new ArrayList<>();

  private GgufExport(DecoderConfig config, WeightSource source, WeightType type) {
    this.config = config;
    this.source = source;
    this.type = type;
  }

  /**
   * Writes {@code path}, whole or not at all.
   *
   * @param others metadata that do not follow from the configuration: the vocabulary, the name
   */
  public static void write(
      DecoderConfig config, Weights weights, WeightType type, GgufMetadata others, Path path)
      throws IOException {
    GgufExport export = new GgufExport(config, weights.source(), type);
    export.collect();
    GgufWriter.write(path, GgufDescription.of(config, type, others), export.tensors);
  }

  private void collect() {
    add(Role.EMBEDDING, 0);
    add(Role.FINAL_NORM, 0);
    add(Role.HEAD, 0);
    config
        .rope()
        .factors()
        .ifPresent(factors ->
            tensors.add(
                OutgoingTensor.of(
                    "rope_freqs.weight",
                    StoredType.of(DType.F32),
                    List.of((long) factors.length),
                    MemorySegment.ofArray(factors))));
    for (int layer = 0; layer < config.layers(); layer++) {
      for (Role role : Role.values()) {
        if (role.isOfLayer()) {
          add(role, layer);
        }
      }
    }
  }

  private void add(Role role, int layer) {
    if (!role.isIn(config, layer)) {
      return;
    }
    WeightSource.Key key = new WeightSource.Key(role, layer, false);
    boolean isFused = config.family() == Family.GLM4;
    if (isFused && role == Role.GATE) {
      return; // goes before its up, as one tensor
    }
    if (isFused && role == Role.UP) {
      tensors.add(tensor(key, List.of(new WeightSource.Key(Role.GATE, layer, false), key)));
    } else {
      tensors.add(tensor(key, List.of(key)));
    }
    if (role.hasBias(config)) {
      WeightSource.Key bias = new WeightSource.Key(role, layer, true);
      tensors.add(tensor(bias, List.of(bias)));
    }
  }

  private String name(WeightSource.Key key) {
    boolean isBias = key.isBias() || key.role() == Role.ROUTER_BIAS;
    return key.role().ggufName(key.layer(), config.family()) + (isBias ? ".bias" : ".weight");
  }

  /** Weights one below the other, as one tensor. */
  private OutgoingTensor tensor(WeightSource.Key name, List<WeightSource.Key> parts) {
    List<Long> dims = new ArrayList<>();
    long[] extents = extents(name);
    for (long extent : extents) {
      dims.add(extent);
    }
    dims.set(0, dims.getFirst() * parts.size());
    WeightType stored = stored(name, extents[extents.length - 1]);
    return new OutgoingTensor(
        name(name),
        switch (stored) {
          case WeightType.Floats floats -> StoredType.of(floats.dtype());
          case WeightType.Blocks blocks -> StoredType.of(blocks.type());
        },
        dims,
        sink -> {
          for (WeightSource.Key part : parts) {
            write(part, stored, sink);
          }
        });
  }

  private long[] extents(WeightSource.Key key) {
    long[] extents = key.role().extents(config);
    return key.isBias() ? Arrays.copyOf(extents, 1) : extents;
  }

  private WeightType stored(WeightSource.Key key, long columns) {
    boolean isSmall = key.isBias() || key.role().isVector() || key.role() == Role.ROUTER;
    boolean divides = !(type instanceof WeightType.Blocks blocks) || blocks.type().divides(columns);
    return isSmall || !divides ? new WeightType.Floats(DType.F32) : type;
  }

  private void write(WeightSource.Key key, WeightType stored, OutgoingTensor.Sink sink)
      throws IOException {
    long[] extents = extents(key);
    int columns = Math.toIntExact(extents[extents.length - 1]);
    if (key.isBias() || key.role().isVector()) {
      float[] values = new float[columns];
      source.decode(key, 0, columns, values);
      sink.write(MemorySegment.ofArray(inFileOrder(key, values)));
      return;
    }
    long rows = Arrays.stream(extents).reduce(1, Math::multiplyExact) / columns;
    WeightType given = source.type(key);
    RowOrder order = order(key);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from = arena.allocate(rows * given.rowBytes(columns), 64);
      source.read(key, 0, from);
      source.letGo(key);
      MemorySegment to = arena.allocate(rows * stored.rowBytes(columns), 64);
      LongStream.range(0, Math.ceilDiv(rows, ROWS))
          .parallel()
          .forEach(task -> {
            float[] row = new float[columns];
            for (long i = task * ROWS; i < Math.min(rows, (task + 1) * ROWS); i++) {
              convert(given, from, order.inGraph(i), stored, to, i, row);
            }
          });
      sink.write(to);
    }
  }

  private RowOrder order(WeightSource.Key key) {
    return RowOrder.of(config, key.role(), config.family().ggufPairs());
  }

  private float[] inFileOrder(WeightSource.Key key, float[] values) {
    float[] ordered = values.clone();
    if (key.isBias()) {
      for (int i = 0; i < values.length; i++) {
        ordered[i] = values[(int) order(key).inGraph(i)];
      }
    }
    return ordered;
  }

  private static void convert(
      WeightType given,
      MemorySegment from,
      long fromRow,
      WeightType stored,
      MemorySegment to,
      long toRow,
      float[] row) {
    long at = fromRow * given.rowBytes(row.length);
    long target = toRow * stored.rowBytes(row.length);
    if (given.equals(stored)) {
      MemorySegment.copy(from, at, to, target, stored.rowBytes(row.length));
      return;
    }
    decode(given, from, at, row);
    encode(stored, row, to, target);
  }

  /** A row in f32, exactly. */
  static void decode(WeightType type, MemorySegment from, long at, float[] row) {
    switch (type) {
      case WeightType.Blocks blocks -> blocks.type().decode(from, at, row, 0, row.length);
      case WeightType.Floats(DType dtype) -> {
        for (int i = 0; i < row.length; i++) {
          row[i] =
              switch (dtype) {
                case F16 ->
                    Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
                case BF16 ->
                    SmallFloats.bf16ToFloat(
                        from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
                default -> from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * i);
              };
        }
      }
    }
  }

  private static void encode(WeightType type, float[] row, MemorySegment to, long at) {
    switch (type) {
      case WeightType.Blocks blocks -> blocks.type().encode(row, 0, row.length, to, at);
      case WeightType.Floats(DType dtype) -> {
        for (int i = 0; i < row.length; i++) {
          switch (dtype) {
            case F16 ->
                to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, Float.floatToFloat16(row[i]));
            case BF16 ->
                to.set(
                    ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, SmallFloats.floatToBf16(row[i]));
            default -> to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * i, row[i]);
          }
        }
      }
    }
  }
}
