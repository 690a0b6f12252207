package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufWriter;
import dev.bascule.formats.quant.Pieces;
import dev.bascule.formats.quant.WeightEncoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Writes a model as GGUF with the names, the metadata and the order of rows that llama.cpp has for
 * its family, its linear layers as one type. Norms, biases and routers stay f32, and so do layers
 * whose rows the type does not divide.
 */
public final class GgufExport {
  private final DecoderConfig config;
  private final WeightSource source;
  private final WeightType type;
  private final GgufMetadata metadata;
  private final List<OutgoingTensor> tensors = new ArrayList<>();
  private final Pieces pieces;
  private Consumer<String> progress = name -> {};
  private long pieceCount;

  /**
   * Prepares a file.
   *
   * @param others metadata that do not follow from the configuration: the vocabulary, the name
   * @param pieces the threads that convert
   */
  public GgufExport(
      DecoderConfig config, Weights weights, WeightType type, GgufMetadata others, Pieces pieces) {
    this.config = config;
    this.source = weights.source();
    this.type = type;
    this.metadata = GgufDescription.of(config, type, others);
    this.pieces = pieces;
    collect();
  }

  /** Writes a model to {@code path}, whole or not at all, with all cores. */
  public static void write(
      DecoderConfig config, Weights weights, WeightType type, GgufMetadata others, Path path)
      throws IOException {
    try (Pieces pieces = new Pieces(Runtime.getRuntime().availableProcessors())) {
      new GgufExport(config, weights, type, others, pieces).write(path, name -> {});
    }
  }

  /**
   * Writes {@code path}, whole or not at all.
   *
   * @param listener hears the tensor's name after each piece
   */
  public void write(Path path, Consumer<String> listener) throws IOException {
    progress = listener;
    GgufWriter.write(path, metadata, tensors);
  }

  /** Pieces of work that {@link #write} will report, one by one. */
  public long pieces() {
    return pieceCount;
  }

  /** Bytes of all tensors that {@link #write} will write. */
  public long tensorBytes() {
    return tensors.stream().mapToLong(OutgoingTensor::byteSize).sum();
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
    if (!isVector(name)) {
      pieceCount += parts.size() * pieceCount(extents);
    }
    return new OutgoingTensor(
        name(name),
        WeightEncoder.stored(stored),
        dims,
        sink -> {
          for (WeightSource.Key part : parts) {
            write(part, stored, sink);
          }
        });
  }

  private static boolean isVector(WeightSource.Key key) {
    return key.isBias() || key.role().isVector();
  }

  private static int rowsOfPiece(long columns) {
    return (int) Math.max(1, Pieces.ELEMENTS / columns);
  }

  private static long pieceCount(long[] extents) {
    long columns = extents[extents.length - 1];
    return Math.ceilDiv(rows(extents), (long) rowsOfPiece(columns));
  }

  private static long rows(long[] extents) {
    return Arrays.stream(extents).limit(extents.length - 1).reduce(1, Math::multiplyExact);
  }

  private long[] extents(WeightSource.Key key) {
    long[] extents = key.role().extents(config);
    return key.isBias() ? Arrays.copyOf(extents, 1) : extents;
  }

  private WeightType stored(WeightSource.Key key, long columns) {
    boolean stays = isVector(key) || key.role() == Role.ROUTER;
    return stays || !WeightEncoder.divides(type, columns) ? new WeightType.Floats(DType.F32) : type;
  }

  private void write(WeightSource.Key key, WeightType stored, OutgoingTensor.Sink sink)
      throws IOException {
    long[] extents = extents(key);
    int columns = Math.toIntExact(extents[extents.length - 1]);
    if (isVector(key)) {
      float[] values = new float[columns];
      source.decode(key, 0, columns, values);
      sink.write(MemorySegment.ofArray(inFileOrder(key, values)));
      return;
    }
    WeightType given = source.type(key);
    boolean stays = given.equals(stored) && stored instanceof WeightType.Blocks;
    int step = rowsOfPiece(columns);
    pieces.write(
        pieceCount(extents),
        index -> {
          long first = index * step;
          int rows = (int) Math.min(step, rows(extents) - first);
          if (stays) {
            return copied(key, first, rows, stored.rowBytes(columns));
          }
          float[] values = new float[rows * columns];
          decode(key, first, columns, values);
          return WeightEncoder.encode(stored, values, source, name(key), first * columns);
        },
        sink,
        () -> progress.accept(name(key)));
  }

  /** Rows from {@code first} on in the order of the file that is written. */
  private void decode(WeightSource.Key key, long first, int columns, float[] values) {
    RowOrder order = order(key);
    if (order.isFileOrder()) {
      source.decode(key, first, columns, values);
      return;
    }
    float[] row = new float[columns];
    for (int i = 0; i < values.length / columns; i++) {
      source.decode(key, order.inGraph(first + i), columns, row);
      System.arraycopy(row, 0, values, i * columns, columns);
    }
  }

  /** Blocks stay what they are: to decode and encode them again would change them. */
  private MemorySegment copied(WeightSource.Key key, long first, int rows, long rowBytes) {
    RowOrder order = order(key);
    MemorySegment to = MemorySegment.ofArray(new byte[Math.toIntExact(rows * rowBytes)]);
    if (order.isFileOrder()) {
      source.read(key, first, to);
      return to;
    }
    for (int row = 0; row < rows; row++) {
      source.read(key, order.inGraph(first + row), to.asSlice(row * rowBytes, rowBytes));
    }
    return to;
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
}
