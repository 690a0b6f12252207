package dev.bascule.formats.quant;

import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Rewrites a model with block-quantised weights, piece by piece, with several threads: memory stays
 * at a few pieces for each, however large the model is.
 */
public final class Quantizer implements AutoCloseable {
  /** Whole blocks of every type; some ten milliseconds of a search for scales. */
  private static final int PIECE_ELEMENTS = 1 << 16;

  private static final int PIECES_AHEAD = 4;

  /** The version of ggml's block layouts that these are. */
  private static final int QUANTISATION_VERSION = 2;

  private final QuantType type;
  private final boolean again;
  private final int threads;
  private final ExecutorService pool;

  /**
   * Makes weights of {@code type}.
   *
   * @param again whether weights that are quantised already may be decoded and quantised again,
   *     which adds the errors of both
   */
  public Quantizer(QuantType type, boolean again, int threads) {
    if (!type.hasEncoder() || threads < 1) {
      throw new IllegalArgumentException(
          "quantize to " + type + " with " + threads + " threads: no encoder, or no thread");
    }
    this.type = type;
    this.again = again;
    this.threads = threads;
    this.pool = Executors.newFixedThreadPool(threads);
  }

  /** Whether a tensor becomes quantised, or why it stays as it is. */
  public enum Fate {
    QUANTISED("quantised"),
    VECTOR("one dimension: norms and biases stay"),
    ROUTER("chooses experts: stays"),
    INTEGERS("no floats: stays"),
    SAME("of that type already"),
    ROWS("rows are no whole blocks: stays");

    private final String text;

    Fate(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** What {@link #write} will do with a tensor. */
  public Fate fate(StoredTensor tensor) {
    if (tensor.type().equals(StoredType.of(type))) {
      return Fate.SAME;
    }
    if (tensor.dims().size() < 2) {
      return Fate.VECTOR;
    }
    if (tensor.name().contains("ffn_gate_inp")) {
      return Fate.ROUTER;
    }
    if (tensor.type() instanceof StoredType.Plain plain && !plain.dtype().isFloat()) {
      return Fate.INTEGERS;
    }
    return type.divides(tensor.dims().getLast()) ? Fate.QUANTISED : Fate.ROWS;
  }

  /** Pieces of work that {@link #write} will report, one by one. */
  public long pieces(TensorFile model) {
    return model.tensors().values().stream()
        .filter(tensor -> fate(tensor) == Fate.QUANTISED)
        .mapToLong(tensor -> Math.ceilDiv(tensor.elements(), PIECE_ELEMENTS))
        .sum();
  }

  /**
   * Writes {@code model} to {@code path}, quantised; what was there before is replaced when all is
   * written.
   *
   * @param progress hears the tensor's name after each piece
   * @throws FormatException if a weight is quantised already and may not be again, or is not finite
   */
  public void write(GgufFile model, Path path, Consumer<String> progress) throws IOException {
    List<OutgoingTensor> tensors = new ArrayList<>();
    for (StoredTensor tensor : model.tensors().values()) {
      tensors.add(
          fate(tensor) == Fate.QUANTISED ? quantised(model, tensor, progress) : tensor.outgoing());
    }
    GgufMetadata metadata =
        model
            .metadata()
            .with("general.quantization_version", GgufValue.u32(QUANTISATION_VERSION))
            .with("general.file_type", GgufValue.u32(fileType()));
    GgufWriter.write(path, metadata, tensors);
  }

  /** llama.cpp's number for files whose weights are mostly of this type. */
  private int fileType() {
    return switch (type) {
      case Q4_0 -> 2;
      case Q8_0 -> 7;
      case Q4_K -> 14;
      case Q5_K -> 16;
      case Q6_K -> 18;
      default -> throw new AssertionError(type);
    };
  }

  private OutgoingTensor quantised(
      TensorFile model, StoredTensor tensor, Consumer<String> progress) {
    if (tensor.type() instanceof StoredType.Blocks && !again) {
      throw new FormatException(
          model.path(),
          "tensor " + FormatException.quote(tensor.name()),
          "weights that are not quantised yet",
          tensor.type().toString(),
          "start from the original weights, or ask for quantising again");
    }
    return new OutgoingTensor(
        tensor.name(),
        StoredType.of(type),
        tensor.dims(),
        sink -> encode(model.path(), tensor, sink, progress));
  }

  /** Pieces are made by the threads, a few ahead, and written in their order. */
  private void encode(
      Path file, StoredTensor tensor, OutgoingTensor.Sink sink, Consumer<String> progress)
      throws IOException {
    Deque<Future<MemorySegment>> ahead = new ArrayDeque<>();
    try {
      for (long from = 0; from < tensor.elements(); from += PIECE_ELEMENTS) {
        if (ahead.size() == PIECES_AHEAD * threads) {
          sink.write(get(ahead.removeFirst()));
          progress.accept(tensor.name());
        }
        long start = from;
        int count = (int) Math.min(PIECE_ELEMENTS, tensor.elements() - from);
        ahead.addLast(pool.submit(() -> piece(file, tensor, start, count)));
      }
      while (!ahead.isEmpty()) {
        sink.write(get(ahead.removeFirst()));
        progress.accept(tensor.name());
      }
    } finally {
      ahead.forEach(piece -> piece.cancel(false));
    }
  }

  private static MemorySegment get(Future<MemorySegment> piece) throws IOException {
    try {
      return piece.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("quantize was interrupted");
    }
  }

  private MemorySegment piece(Path file, StoredTensor tensor, long from, int count) {
    float[] values = new float[count];
    tensor.readFloats(from, values, 0, count);
    for (int i = 0; i < count; i++) {
      if (!(Math.abs(values[i]) <= QuantType.MAGNITUDE_MAX)) {
        throw new FormatException(
            file,
            "tensor " + FormatException.quote(tensor.name()) + " element " + (from + i),
            "a number of magnitude up to " + QuantType.MAGNITUDE_MAX + ", which f16 scales hold",
            Float.toString(values[i]),
            "check how the model was trained or converted");
      }
    }
    MemorySegment blocks = MemorySegment.ofArray(new byte[(int) type.bytes(count)]);
    type.encode(values, 0, count, blocks, 0);
    return blocks;
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
