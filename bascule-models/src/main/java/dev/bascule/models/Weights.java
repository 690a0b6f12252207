package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights by what they do, as constants of graphs. A weight stays in its file until a
 * device packs it, which leaves no other copy in memory; only who interprets a graph has it here as
 * it is stored, until this is closed. It is the same constant for every graph. The embedding table
 * is not among them, unless it is the output layer too: rows of it are looked up and decoded on the
 * host ({@link #embedding}).
 *
 * <p>Rows of queries and keys are in the order in which the rotary embedding turns halves of a head
 * against each other, whatever the file's order is.
 */
public final class Weights implements AutoCloseable {
  private final DecoderConfig config;
  private final WeightSource source;
  private final Arena arena = Arena.ofShared();
  private final Map<WeightSource.Key, Weight> matrices = new HashMap<>();
  private final Map<WeightSource.Key, Value> vectors = new HashMap<>();
  private long bytes;

  Weights(DecoderConfig config, WeightSource source) {
    this.config = config;
    this.source = source;
  }

  /** The weights in a model's folder, which stays the caller's and must outlive them. */
  public static Weights of(DecoderConfig config, HuggingFaceFolder folder) {
    return new Weights(config, FileWeights.of(config, folder));
  }

  /** The weights in a GGUF file, which stays the caller's and must outlive them. */
  public static Weights of(DecoderConfig config, GgufFile file) {
    return new Weights(config, FileWeights.of(config, file));
  }

  WeightSource source() {
    return source;
  }

  /** Bytes of all weights as they are stored, the embedding table and each expert included. */
  public long storedBytes() {
    return sum(false);
  }

  /** Bytes of the embedding table as it is stored. */
  public long embeddingBytes() {
    return storedBytes(Role.EMBEDDING, 0);
  }

  /**
   * Bytes of weights that one token reads: all, but of experts those it is sent to, and of the
   * embedding table one row, unless it is the output layer too.
   */
  public long bytesPerToken() {
    return sum(true);
  }

  private long sum(boolean ofOneToken) {
    long sum = 0;
    for (Role role : Role.values()) {
      for (int layer = 0; layer < (role.isOfLayer() ? config.layers() : 1); layer++) {
        if (role.isIn(config, layer)) {
          sum += ofOneToken ? bytesPerToken(role, layer) : storedBytes(role, layer);
        }
      }
    }
    return sum;
  }

  private long storedBytes(Role role, int layer) {
    long[] extents = role.extents(config);
    int last = extents.length - 1;
    WeightType type =
        role.isVector() ? new WeightType.Floats(DType.F32) : source.type(key(role, layer));
    long rows = 1;
    for (int axis = 0; axis < last; axis++) {
      rows *= extents[axis];
    }
    return rows * type.rowBytes(extents[last]);
  }

  private long bytesPerToken(Role role, int layer) {
    long all = storedBytes(role, layer);
    return switch (role) {
      case EMBEDDING ->
          config.features().tiedEmbeddings() ? all : all / Math.max(1, config.vocabulary());
      case EXPERT_GATE, EXPERT_UP, EXPERT_DOWN -> {
        DecoderConfig.Experts experts = config.experts().orElseThrow();
        yield all / experts.count() * experts.used();
      }
      default -> all;
    };
  }

  /** Bytes of native memory that are taken here so far; what devices take is theirs. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Whether the model has such a weight. */
  public boolean has(Role role, int layer) {
    return source.has(key(role, layer));
  }

  /** How the rows of a weight are stored. */
  public WeightType type(Role role, int layer) {
    return source.type(key(role, layer));
  }

  /** The weight of linear layers that plays {@code role} in {@code layer}. */
  public synchronized Weight matrix(Role role, int layer) {
    return matrices.computeIfAbsent(key(role, layer), this::readMatrix);
  }

  /** A norm's scales, in f32. */
  public synchronized Value vector(Role role, int layer) {
    return vectors.computeIfAbsent(key(role, layer), this::readVector);
  }

  /** The bias of a layer, in f32. */
  public synchronized Value bias(Role role, int layer) {
    WeightSource.Key key = key(role, layer);
    return vectors.computeIfAbsent(
        new WeightSource.Key(key.role(), key.layer(), true), this::readVector);
  }

  private WeightSource.Key key(Role role, int layer) {
    Role stored = role == Role.HEAD && config.features().tiedEmbeddings() ? Role.EMBEDDING : role;
    return new WeightSource.Key(stored, role.isOfLayer() ? layer : 0, false);
  }

  private Weight readMatrix(WeightSource.Key key) {
    WeightType type = source.type(key);
    long[] extents = key.role().extents(config);
    int last = extents.length - 1;
    extents[last] = type.storedElements(extents[last]);
    Tensor tensor = Tensor.deferred(type.stored(), extents, new Rows(key));
    return new Weight(Constant.of(key.label(), tensor), type);
  }

  /** The rows of a weight: read each time, or once for who needs them in memory. */
  private final class Rows implements Tensor.Content {
    private final WeightSource.Key key;
    private @Nullable MemorySegment memory;

    Rows(WeightSource.Key key) {
      this.key = key;
    }

    @Override
    public MemorySegment bytes() {
      synchronized (Weights.this) {
        MemorySegment known = memory;
        if (known == null) {
          long size = storedBytes(key.role(), key.layer());
          known = arena.allocate(size, 64);
          source.read(key, 0, known);
          bytes += size;
          memory = known;
        }
        return known;
      }
    }

    @Override
    public void read(long from, MemorySegment to) {
      long[] extents = key.role().extents(config);
      long rowBytes = source.type(key).rowBytes(extents[extents.length - 1]);
      if (from % rowBytes != 0 || to.byteSize() % rowBytes != 0) {
        throw new IllegalArgumentException(
            key.label() + ": " + to.byteSize() + " bytes from " + from + " on are not whole rows");
      }
      source.read(key, from / rowBytes, to);
    }
  }

  private Value readVector(WeightSource.Key key) {
    long[] extents = key.role().extents(config);
    int elements = Math.toIntExact(extents[0]);
    float[] values = new float[elements];
    source.decode(key, 0, elements, values);
    MemorySegment memory = arena.allocate((long) elements * Float.BYTES + Tensor.SLACK_BYTES, 64);
    MemorySegment.copy(values, 0, memory, java.lang.foreign.ValueLayout.JAVA_FLOAT, 0, elements);
    bytes += memory.byteSize();
    return Constant.of(key.label(), new Tensor(DType.F32, new long[] {elements}, memory));
  }

  /**
   * The rows of the embedding table for {@code ids}, in f32 [ids, hidden].
   *
   * @throws ShapeException if an id is not in the vocabulary
   */
  public Tensor embedding(int... ids) {
    Tensor rows = Tensor.zeros(DType.F32, ids.length, config.hidden());
    float[] row = new float[config.hidden()];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= config.vocabulary()) {
        throw new ShapeException(
            "embedding: id " + ids[i] + " is not in the vocabulary of " + config.vocabulary());
      }
      source.decode(key(Role.EMBEDDING, 0), ids[i], row.length, row);
      MemorySegment.copy(
          row,
          0,
          rows.bytes(),
          java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED,
          (long) i * row.length * Float.BYTES,
          row.length);
    }
    return rows;
  }

  /** Frees all weights; graphs, plans and engines that use them must be closed before. */
  @Override
  public void close() {
    arena.close();
  }
}
