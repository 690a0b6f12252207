package dev.bascule.formats.quant;

import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Rewrites a GGUF with its weights in another type, piece by piece, with several threads. */
public final class Quantizer implements AutoCloseable {
  /** The version of ggml's block layouts that these are. */
  private static final int QUANTISATION_VERSION = 2;

  private final WeightType type;
  private final boolean again;
  private final Pieces pieces;

  /**
   * Makes weights of {@code type}: blocks that have an encoder, or floats.
   *
   * @param again whether weights that are quantised already may be decoded and quantised again,
   *     which adds the errors of both
   */
  public Quantizer(WeightType type, boolean again, int threads) {
    if (type instanceof WeightType.Blocks(QuantType quant) && !quant.hasEncoder()) {
      throw new IllegalArgumentException("quantize to " + type + ": it has no encoder");
    }
    this.type = type;
    this.again = again;
    this.pieces = new Pieces(threads);
  }

  /** Whether a tensor becomes quantised, or why it stays as it is. */
  public enum Fate {
    QUANTISED("converted"),
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
    if (tensor.type().equals(WeightEncoder.stored(type))) {
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
    return WeightEncoder.divides(type, tensor.dims().getLast()) ? Fate.QUANTISED : Fate.ROWS;
  }

  /** Pieces of work that {@link #write} will report, one by one. */
  public long pieces(TensorFile model) {
    return model.tensors().values().stream()
        .filter(tensor -> fate(tensor) == Fate.QUANTISED)
        .mapToLong(tensor -> Math.ceilDiv(tensor.elements(), Pieces.ELEMENTS))
        .sum();
  }

  /** Bytes of all tensors that {@link #write} will write. */
  public long tensorBytes(TensorFile model) {
    return model.tensors().values().stream()
        .mapToLong(tensor ->
            fate(tensor) == Fate.QUANTISED
                ? WeightEncoder.stored(type).bytes(tensor.elements())
                : tensor.byteSize())
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
            .with("general.file_type", GgufValue.u32(WeightEncoder.fileType(type)));
    GgufWriter.write(path, metadata, tensors);
  }

  private OutgoingTensor quantised(
      TensorFile model, StoredTensor tensor, Consumer<String> progress) {
    boolean isLossy = type instanceof WeightType.Blocks;
    if (tensor.type() instanceof StoredType.Blocks && isLossy && !again) {
      throw new FormatException(
          model.path(),
          "tensor " + FormatException.quote(tensor.name()),
          "weights that are not quantised yet",
          tensor.type().toString(),
          "start from the original weights, or ask for quantising again");
    }
    return new OutgoingTensor(
        tensor.name(),
        WeightEncoder.stored(type),
        tensor.dims(),
        sink -> encode(model.path(), tensor, sink, progress));
  }

  private void encode(
      Path file, StoredTensor tensor, OutgoingTensor.Sink sink, Consumer<String> progress)
      throws IOException {
    pieces.write(
        Math.ceilDiv(tensor.elements(), Pieces.ELEMENTS),
        index -> {
          long from = index * Pieces.ELEMENTS;
          float[] values = new float[(int) Math.min(Pieces.ELEMENTS, tensor.elements() - from)];
          tensor.readFloats(from, values, 0, values.length);
          return WeightEncoder.encode(type, values, file, tensor.name(), from);
        },
        sink,
        () -> progress.accept(tensor.name()));
  }

  @Override
  public void close() {
    pieces.close();
  }
}
